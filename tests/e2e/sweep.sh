#!/usr/bin/env bash
# What the sweep of the program gives back with Tarantool: the room of packs most of whose messages are gone, and payload
# files whose message is gone.
set -u
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/s3.sh"

require_cluster TARANTOOL MINIO
export MTS_CLUSTER_DIR="$work/cluster"
"$root/dev" cluster start tarantool minio >"$work/cluster.log" 2>&1 || fail "Tarantool and MinIO do not start: $(tail -n 5 "$work/cluster.log")"
for part in tarantool minio; do children+=("$(cat "$MTS_CLUSTER_DIR/$part.pid")"); done
export MINITOOLSTREAM_TARANTOOL_ADDRESSES="127.0.0.1:$MTS_CLUSTER_TARANTOOL_PORT" MINITOOLSTREAM_S3_ENDPOINT="127.0.0.1:$MTS_CLUSTER_MINIO_PORT"
use_free_ports

flags=(--metadata tarantool --sweep-interval 200ms)
start_again() { # FLAG...
  if [[ -n "$server_pid" ]]; then
    kill -TERM "$server_pid"
    wait "$server_pid" || fail "SIGTERM"
  fi
  start_server "${flags[@]}" "$@"
  wait_until 10 "$MTS_BINARY" health "$MINITOOLSTREAM_INGRESS" >/dev/null 2>&1 || fail "the server does not say that it serves"
}
in_log() { grep -q -- "$1" "$work/server.log"; }
bytes_below() { find "$1" -type f -printf '%s\n' 2>/dev/null | awk '{sum += $1} END {print sum + 0}'; }

# ---- Packs: three thousand messages of which the last twenty stay
bucket_folder="$MTS_CLUSTER_DIR/minio/data/$bucket/mts/data"
head -c 1500000 /dev/urandom | base64 -w 666 | head -n 3000 >"$work/lines"
start_again --payload s3
"$MTS_BINARY" pub lines --file "$work/lines" --lines >/dev/null || fail "publishing"
before="$(bytes_below "$bucket_folder")"
((before > 1900000)) || fail "the payloads are not in the bucket: $before bytes"
start_again --payload s3 --sweep-grace 1s --retention-max-messages 20
wait_until 30 in_log 'sweep: [1-9][0-9]* packs rewritten, [1-9][0-9]* payloads' || fail "no pack was rewritten"
tail -n 20 "$work/lines" >"$work/last"
"$MTS_BINARY" fetch lines -n 100 -o raw >"$work/fetched" || fail "fetching"
cmp "$work/last" "$work/fetched" || fail "what is left is not what was published"
few_bytes() { (($(bytes_below "$bucket_folder") < 30000)); }
wait_until 30 few_bytes || fail "$(bytes_below "$bucket_folder") bytes are left of $before"
start_again --payload s3 --sweep-grace 1s
"$MTS_BINARY" fetch lines -n 100 -o raw >"$work/fetched" || fail "fetching"
cmp "$work/last" "$work/fetched" || fail "what is left is not what was published, after the old packs are gone"
echo "$before bytes in the bucket became $(bytes_below "$bucket_folder") for 20 messages of 667 bytes"

# ---- Files: one without a message goes, those with one stay
start_again --payload files --sweep-grace 1s
other_code=0
timeout 20 "$MTS_BINARY" serve --data-dir "$work/data" --ingress-listen 127.0.0.1:0 --egress-listen 127.0.0.1:0 "${flags[@]}" --payload files \
  >"$work/other" 2>&1 || other_code=$?
((other_code != 0 && other_code != 124)) || fail "two servers have the same payload files: $(cat "$work/other")"
head -c 300000 /dev/urandom >"$work/large"
"$MTS_BINARY" pub large --file "$work/large" >/dev/null || fail "publishing a large payload"
orphan="$work/data/payloads/ab/cd/abcd0123456789abcdef0123456789ab"
mkdir -p "$(dirname "$orphan")" && echo "left over" >"$orphan"
gone() { [[ ! -e "$orphan" ]]; }
wait_until 20 gone || fail "a payload file without a message stays"
in_log 'sweep: 2 objects, 1 without a message, 1 removed' || fail "the sweep does not say what it removed"
"$MTS_BINARY" fetch large -o raw >"$work/fetched" 2>/dev/null && cmp -n 300000 "$work/large" "$work/fetched" || fail "the large payload is not the same"
kill -TERM "$server_pid"
wait "$server_pid" || fail "SIGTERM"
server_pid=""
echo "all held"
