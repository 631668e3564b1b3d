#!/usr/bin/env bash
# doctor, backup and restore with a real server: backups under load, the server killed in the middle, damage, repair; what is
# restored is compared with what was published.
set -u
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

use_free_ports
flags=(--segment-bytes 1MiB --prepared-segments 2)

expect_code() { # CODE COMMAND...
  local expected="$1" code=0
  shift
  "$@" >"$work/out" 2>"$work/err" || code=$?
  ((code == expected)) || fail "$*: exit code $code instead of $expected: $(cat "$work/out" "$work/err")"
}
json() { # EXPRESSION: of the JSON in $work/out
  python3 -c "import json, sys; r = json.load(open(sys.argv[1])); print($1)" "$work/out"
}
paced() { # FILE: its lines over some seconds, so that what follows happens in the middle
  python3 -c '
import sys, time
lines = open(sys.argv[1], "rb").readlines()
for begin in range(0, len(lines), 500):
    sys.stdout.buffer.write(b"".join(lines[begin:begin + 500]))
    sys.stdout.buffer.flush()
    time.sleep(0.05)
' "$1"
}
lines_of() { # SUBJECT FILE: everything on the subject, a line a message
  "$MTS_BINARY" sub "$1" --until-idle 2s -o raw >"$2" 2>"$work/sub.err"
}
is_beginning_of() { # FILE WHOLE
  cmp -n "$(stat -c %s "$1")" "$1" "$2"
}

# ---- A backup of a running, working server
seq 1 60000 | sed 's/$/ and some words so that segments fill up/' >"$work/lines"
head -c 3000000 /dev/urandom >"$work/large"
start_server "${flags[@]}"
expect_code 2 "$MTS_BINARY" doctor "$work/data"
grep -q "$server_pid" "$work/err" || fail "doctor does not say who has the directory: $(cat "$work/err")"
"$MTS_BINARY" pub files --file "$work/large" >/dev/null || fail "pub"
"$MTS_BINARY" fetch files --durable reader --ack >/dev/null 2>&1
paced "$work/lines" | "$MTS_BINARY" pub load --file - --lines --retry-for 60s >"$work/pub.log" 2>&1 &
pub_pid=$!
children+=("$pub_pid")
has_messages() { (($("$MTS_BINARY" last load 2>/dev/null || echo 0) > $1)); }
wait_until 60 has_messages 5000 || fail "the load does not get going"
expect_code 0 "$MTS_BINARY" backup "$work/backup" --data-dir "$work/data" -o json
first="$(json 'r["last_sequence"]')"
expect_code 0 "$MTS_BINARY" doctor "$work/backup"

# ---- Again, with the server killed while it goes on
for _ in 1 2 3; do "$MTS_BINARY" backup "$work/backup" --data-dir "$work/data" >/dev/null || fail "backup under load"; done &
backups=$!
children+=("$backups")
kill_server
start_server "${flags[@]}"
wait "$backups" || fail "a backup failed while the server was killed"
wait "$pub_pid" || fail "pub: $(tail -n 3 "$work/pub.log")"
expect_code 0 "$MTS_BINARY" backup "$work/backup" --data-dir "$work/data" -o json
second="$(json 'r["last_sequence"]')"
((second >= 60001 && second > first)) || fail "the second backup ends at $second, the first at $first"
(($(json 'r["copied_bytes"]') < 2000000)) || fail "a second backup copies too much: $(cat "$work/out")"
expect_code 0 "$MTS_BINARY" doctor "$work/backup" -o json
[[ "$(json 'r["report"]["sound"]')" == True ]] || fail "the backup is not sound: $(cat "$work/out")"

# ---- A backup that is killed leaves the earlier one
"$MTS_BINARY" backup "$work/backup" --data-dir "$work/data" --copy >/dev/null 2>&1 &
backup_pid=$!
sleep 0.05
kill -9 "$backup_pid" 2>/dev/null
wait "$backup_pid" 2>/dev/null
expect_code 0 "$MTS_BINARY" doctor "$work/backup"
expect_code 0 "$MTS_BINARY" backup "$work/backup" --data-dir "$work/data" --copy
[[ ! -e "$work/backup.partial" ]] || fail "DEST.partial is left"

# ---- Another file system: copied, and cheap the second time
if [[ -w /dev/shm && "$(stat -c %d /dev/shm)" != "$(stat -c %d "$work")" ]]; then
  other="$(mktemp -d /dev/shm/mts-e2e-XXXXXX)"
  trap 'rm -rf "$other"; clean_up' EXIT
  expect_code 0 "$MTS_BINARY" backup "$other/backup" --data-dir "$work/data" -o json
  whole="$(json 'r["copied_bytes"]')"
  "$MTS_BINARY" pub load "one more" >/dev/null
  expect_code 0 "$MTS_BINARY" backup "$other/backup" --data-dir "$work/data" -o json
  (($(json 'r["taken_over"]') > 0 && $(json 'r["copied_bytes"]') * 2 < whole)) || fail "the second copy is not cheap: $(cat "$work/out")"
  expect_code 0 "$MTS_BINARY" doctor "$other/backup"
fi

# ---- Restore: only into an empty directory; then everything is there
expect_code 1 "$MTS_BINARY" restore "$work/backup" "$work/data"
expect_code 1 "$MTS_BINARY" restore "$work" "$work/new"
kill_server
mv "$work/data" "$work/original"
mkdir "$work/data"
expect_code 0 "$MTS_BINARY" restore "$work/backup" "$work/data"
expect_code 0 "$MTS_BINARY" doctor "$work/data"
start_server "${flags[@]}"
lines_of load "$work/received"
is_beginning_of "$work/lines" "$work/received" || fail "the lines differ after a restore"
"$MTS_BINARY" get files 1 --output "$work/large.back" >/dev/null 2>&1
cmp "$work/large" "$work/large.back" || fail "the payload file differs after a restore"
"$MTS_BINARY" consumers files -o json | grep -q '"position":1' || fail "the position is not restored"
"$MTS_BINARY" pub load "life goes on" >/dev/null || fail "publishing after a restore"
kill_server

# ---- Damage is found; a repair costs the damaged message only
segment="$(find "$work/data/log" -name '*.segment' | sort | sed -n 2p)"
line="$(sed -n 20000p "$work/lines")"
segment="$(grep -l -a -F -- "$line" "$work"/data/log/*.segment | head -n 1)"
offset="$(grep -abo -F -- "$line" "$segment" | head -n 1 | cut -d : -f 1)"
cp --remove-destination "$segment" "$segment.tmp-copy" && mv "$segment.tmp-copy" "$segment" # not in the backup, to which it is linked
printf 'X' | dd of="$segment" bs=1 seek="$offset" conv=notrunc status=none
expect_code 1 "$MTS_BINARY" doctor "$work/data"
grep -q "load 20001" "$work/out" || fail "doctor does not name the message: $(cat "$work/out")"
before="$(cd "$work/data" && find . -type f -exec sha256sum {} + | sort)"
expect_code 1 "$MTS_BINARY" doctor "$work/data" -o json
[[ "$(json 'r["report"]["findings"][0]["messages"]')" == "[{'subject': 'load', 'sequence': 20001}]" ]] || fail "JSON: $(cat "$work/out")"
[[ "$before" == "$(cd "$work/data" && find . -type f -exec sha256sum {} + | sort)" ]] || fail "doctor has written something"
expect_code 0 "$MTS_BINARY" doctor "$work/data" --repair
expect_code 0 "$MTS_BINARY" doctor "$work/data"
cmp "$segment" "$(find "$work/data/doctor" -name "$(basename "$segment")")" >/dev/null && fail "the segment was not rewritten"
expect_code 0 "$MTS_BINARY" doctor "$work/backup"
start_server "${flags[@]}"
lines_of load "$work/received"
sed 20000d "$work/lines" >"$work/expected"
is_beginning_of "$work/expected" "$work/received" || fail "a repair touched other messages"
kill_server

# ---- What doctor cannot look at
expect_code 2 "$MTS_BINARY" doctor "$work/nothing"
expect_code 2 "$MTS_BINARY" doctor
echo "backups at $first and $second, all held after $SECONDS s"
