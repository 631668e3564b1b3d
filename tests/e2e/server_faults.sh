#!/usr/bin/env bash
# The server and its data directory: a second server, a version from the future, foreign and damaged files, a full disk, and
# SIGTERM under load.
set -u
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

use_free_ports

refused() { # WORD FLAG...: serve ends at once with a line that contains WORD
  local word="$1" code=0
  shift
  timeout 30 "$MTS_BINARY" serve --ingress-listen 127.0.0.1:0 --egress-listen 127.0.0.1:0 \
    --gate-listen 127.0.0.1:0 "$@" >"$work/refused" 2>&1 || code=$?
  ((code != 0 && code != 124)) || fail "serve $* was not refused (code $code)"
  grep -qi -- "$word" "$work/refused" || fail "serve $*: '$word' is not in: $(tail -n 3 "$work/refused")"
}

first_segment() { find "$work/data/log" -name '*.segment' | sort | head -n 1; }

# ---- A second server on the same directory is refused, and is told who holds it
start_server
refused "$server_pid" --data-dir "$work/data"
"$MTS_BINARY" pub a one >/dev/null || fail "the first server does not answer any more"

# ---- Wrong configuration
refused "no-such-flag" --no-such-flag
refused "durability" --data-dir "$work/other" --durability perhaps
refused "no-such-config" --data-dir "$work/other" --config "$work/no-such-config.yaml"
printf 'durability: commit\nno_such_key: 1\n' >"$work/config.yaml"
refused "no_such_key" --config "$work/config.yaml" --data-dir "$work/other"

# ---- SIGTERM under load: what was answered is there, the end comes within 10 s
seq 1 200000 >"$work/lines"
"$MTS_BINARY" pub load --file "$work/lines" --lines --retry-for 60s >"$work/pub.log" 2>&1 &
pub_pid=$!
children+=("$pub_pid")
sleep 0.3
stop_began=$SECONDS
kill -TERM "$server_pid"
wait "$server_pid"
code=$?
((code == 0 || code == 143)) || fail "SIGTERM: exit code $code"
((SECONDS - stop_began <= 10)) || fail "SIGTERM took $((SECONDS - stop_began)) s"
start_server
wait "$pub_pid" || fail "pub did not survive a restart: $(tail -n 3 "$work/pub.log")"
"$MTS_BINARY" sub load --durable all --count 200000 --until-idle 5s -o raw >"$work/received" 2>"$work/sub.err"
cmp "$work/lines" "$work/received" || fail "the lines differ after SIGTERM under load"

# ---- A damaged record costs that record, and is reported
kill -TERM "$server_pid"
wait "$server_pid"
segment="$(first_segment)"
offset="$(grep -abo "one" "$segment" | head -n 1 | cut -d : -f 1)"
[[ -n "$offset" ]] || fail "the first message is not in $segment"
printf 'ONE' | dd of="$segment" bs=1 seek="$offset" conv=notrunc status=none
start_server
"$MTS_BINARY" sub load --count 200000 --until-idle 5s -o raw >"$work/received" 2>"$work/sub.err"
cmp "$work/lines" "$work/received" || fail "damage in one message touched others"
if "$MTS_BINARY" get a 1 --output "$work/damaged" 2>/dev/null; then fail "a damaged message was delivered"; fi

# ---- A foreign file in the log's folder, and a version from the future: nothing is changed
kill -TERM "$server_pid"
wait "$server_pid"
server_pid=""
cp "$segment" "$work/kept"
printf '\x63\x00\x00\x00' | dd of="$segment" bs=1 seek=12 conv=notrunc status=none
python3 - "$segment" <<'PYTHON'
import struct
import sys

table = []
for byte in range(256):
    for _ in range(8):
        byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
    table.append(byte)
with open(sys.argv[1], "r+b") as file:
    header = file.read(64)
    crc = 0xFFFFFFFF
    for byte in header[12:64]:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    file.seek(8)
    file.write(struct.pack("<I", crc ^ 0xFFFFFFFF))
PYTHON
before="$(cd "$work/data" && find . -type f ! -name LOCK -exec sha256sum {} + | sort)"
refused "version" --data-dir "$work/data"
[[ "$before" == "$(cd "$work/data" && find . -type f ! -name LOCK -exec sha256sum {} + | sort)" ]] ||
  fail "a directory of a future version was changed"
cp "$work/kept" "$segment"
start_server
kill_server

# ---- A full disk: publishing is refused, what was answered stays, and it goes on when there is room
if ((EUID != 0)) || ! { mkdir "$work/disk" && mount -t tmpfs -o size=48m tmpfs "$work/disk" 2>/dev/null; }; then
  echo "SKIPPED: a full disk at the server: no right to mount a tmpfs"
  exit 0
fi
trap 'umount -l "$work/disk" 2>/dev/null; clean_up' EXIT
mv "$work/data" "$work/old-data"
ln -s "$work/disk" "$work/data"
start_server --segment-bytes 2MiB --min-free-bytes 4MiB
head -c 30000000 /dev/urandom >"$work/disk/ballast"
head -c 900000 /dev/urandom >"$work/payload"
answered=0
while ((answered < 100)) && "$MTS_BINARY" pub full --file "$work/payload" --retry-for 0s >/dev/null 2>"$work/err"; do
  answered=$((answered + 1))
done
((answered < 100)) || fail "a full disk was not noticed"
echo "$answered messages until the disk was full: $(tail -n 1 "$work/err")"
rm "$work/disk/ballast"
wait_until 20 "$MTS_BINARY" pub full "again" || fail "publishing does not go on although there is room: $(tail -n 2 "$work/server.log")"
kill_server
start_server --segment-bytes 2MiB --min-free-bytes 4MiB
count="$("$MTS_BINARY" sub full --until-idle 2s -o json 2>/dev/null | grep -c sequence)"
((count >= answered + 1)) || fail "$answered answered, only $count are there"
kill_server
echo "all held"
