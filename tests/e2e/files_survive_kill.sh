#!/usr/bin/env bash
# The main job: a folder is published file by file and received in another process while the server is killed with SIGKILL
# twice in the middle; all files are identical at the end.
#
#   tests/e2e/files_survive_kill.sh [MEGABYTES]   a folder of about this size, made of this machine's files (default 300;
#                                                 from 2000 on it holds a file of 1.5 GB)
#   tests/e2e/files_survive_kill.sh FOLDER        this folder
set -u
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Thousands of real files, one large one, and names that are hard to carry.
make_folder() { # DIRECTORY MEGABYTES
  local to="$1" megabytes="$2" large=$(($2 / 3))
  ((megabytes >= 2000)) && large=1500
  mkdir -p "$to/deep/er/and deeper"
  head -c "${large}M" /dev/urandom >"$to/large.bin"
  head -c 1048576 /dev/urandom >"$to/exactly one MiB"
  head -c 1048577 /dev/urandom >"$to/one byte more"
  : >"$to/deep/empty"
  echo "percent" >"$to/deep/100%25 % done"
  echo "cyrillic" >"$to/deep/er/привет мир.txt"
  echo "not UTF-8" >"$to/deep/er/$(printf 'latin1-\xe9\xff')"
  echo "newline" >"$to/deep/er/and deeper/$(printf 'two\nlines')"
  local budget=$(((megabytes - large) * 1048576))
  mkdir "$to/usr"
  (cd /usr && find include share/doc share/perl lib/python3 lib/gcc lib/x86_64-linux-gnu -type f -readable \
    -printf '%s %p\0' 2>/dev/null) |
    awk -v RS='\0' -v ORS='\0' -v budget="$budget" '{ budget -= $1; if (budget < 0) exit; sub(/^[0-9]+ /, ""); print }' |
    tar -C /usr --null -T - -cf - | tar -C "$to/usr" -xf -
}

received_bytes() { du -sb "$work/received" 2>/dev/null | cut -f 1; }
received_files() { find "$work/received" -type f ! -name '.minitoolstream-*.part' -printf x 2>/dev/null | wc -c; }
has_received() { # BYTES
  local now
  now="$(received_bytes)"
  ((${now:-0} >= $1)) || ! kill -0 "$sub_pid" 2>/dev/null
}
publisher_ended() { ! kill -0 "$pub_pid" 2>/dev/null; }
everything_received() { (($(received_files) >= files)) || ! kill -0 "$sub_pid" 2>/dev/null; }

argument="${1:-300}"
if [[ -d "$argument" ]]; then
  folder="$(cd "$argument" && pwd)"
else
  folder="$work/folder"
  echo "making a folder of about $argument MB"
  make_folder "$folder" "$argument"
fi
files="$(find "$folder" -type f -printf x | wc -c)"
bytes="$(du -sb "$folder" | cut -f 1)"
patience=$((60 + bytes / 2000000))
echo "$files files, $((bytes / 1000000)) MB"

use_free_ports
start_server
mkdir "$work/received"
start=$SECONDS
"$MTS_BINARY" sub files --durable copy --output-dir "$work/received" >"$work/sub.log" 2>&1 &
sub_pid=$!
children+=("$sub_pid")
"$MTS_BINARY" pub files --file "$folder" >"$work/pub.log" 2>&1 &
pub_pid=$!
children+=("$pub_pid")

for part in 4 2; do
  wait_until "$patience" has_received $((bytes / part)) || fail "1/$part was not received in $patience s"
  kill_server
  echo "killed the server after $((SECONDS - start)) s with $(received_files) files received"
  start_server
done

wait_until "$patience" publisher_ended || fail "the publisher has not ended after $patience s"
wait "$pub_pid" || fail "the publisher failed: $(tail -n 5 "$work/pub.log")"
wait_until "$patience" everything_received || fail "only $(received_files) of $files files were received"
kill -TERM "$sub_pid" 2>/dev/null
wait "$sub_pid" 2>/dev/null
diff -r "$folder" "$work/received" >"$work/diff.log" 2>&1 || fail "the folders differ: $(head -n 5 "$work/diff.log")"
echo "all $files files are identical after $((SECONDS - start)) s and two kills"
