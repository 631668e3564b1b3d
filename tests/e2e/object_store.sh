#!/usr/bin/env bash
# serve --payload s3 against a real MinIO: wrong keys, a missing bucket, both layouts, an outage, a missing and a truncated
# object, an object that a client put itself, orphans.
set -u
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/s3.sh"

require_minio
use_free_ports
start_minio

refused() { # WORD FLAG...: serve ends at once with a line that contains WORD
  local word="$1" code=0
  shift
  timeout 30 "$MTS_BINARY" serve --data-dir "$work/other" --ingress-listen 127.0.0.1:0 --egress-listen 127.0.0.1:0 --gate-listen '' \
    --payload s3 "$@" >"$work/refused" 2>&1 || code=$?
  ((code != 0 && code != 124)) || fail "serve $* was not refused (code $code)"
  grep -q -- "$word" "$work/refused" || fail "serve $*: '$word' is not in: $(tail -n 3 "$work/refused")"
}

serving() { "$MTS_BINARY" health "$MINITOOLSTREAM_INGRESS" >/dev/null 2>&1; }
not_serving() { ! serving; }
orphans_gone() { (($(count_objects mts/data) == 0)); }

# ---- What cannot work is said at the start, and names what to change
refused "check the access key" --s3-secret-key wrong
refused "check the access key" --s3-access-key nobody
refused "check the bucket's name" --s3-create-bucket false --s3-bucket nowhere
refused "s3: the prefix" --s3-prefix Mine
grep -q wrong "$work/refused" && fail "a secret is in the log"
[[ ! -d "$work/minio/$bucket" ]] || fail "the bucket was made by a server that was refused"

# ---- The bucket is made; large payloads go there, small ones stay with their messages
flags=(--payload s3 --inline-limit 10KiB --sweep-grace 1s --sweep-interval 200ms)
start_server "${flags[@]}"
wait_until 10 serving || fail "the server does not say that it serves"
head -c 300000 /dev/urandom >"$work/large"
"$MTS_BINARY" pub large --file "$work/large" >/dev/null || fail "a large payload was not published"
"$MTS_BINARY" pub small "inline" >/dev/null || fail "a small payload was not published"
[[ "$(count_objects)" == 1 ]] || fail "there are $(count_objects) objects, not 1"
"$MTS_BINARY" get large 1 --output "$work/got" 2>/dev/null && cmp "$work/large" "$work/got" || fail "the large payload came back changed"

# ---- An outage of the object store: UNAVAILABLE, not ready, and everything goes on by itself
kill_minio
wait_until 20 not_serving || fail "the server says that it serves without its object store"
"$MTS_BINARY" pub small "during the outage" >/dev/null || fail "an inline payload needs no object store"
if "$MTS_BINARY" pub large --file "$work/large" --retry-for 0s >/dev/null 2>"$work/err"; then fail "published into an outage"; fi
"$MTS_BINARY" pub large --file "$work/large" --retry-for 60s >/dev/null 2>&1 &
pub_pid=$!
start_minio
wait_until 20 serving || fail "the server does not serve again"
wait "$pub_pid" || fail "publishing did not go on after the outage"

# ---- A missing and a truncated object are marked and block nobody
mapfile -t keys < <(object_keys mts/data)
s3_request DELETE "${keys[0]}" || fail "cannot remove an object"
s3_request PUT "${keys[1]}" --data-binary "short" || fail "cannot overwrite an object"
kill -TERM "$server_pid"
wait "$server_pid"
start_server "${flags[@]}"
"$MTS_BINARY" fetch large -n 10 -o json >"$work/fetched" 2>"$work/err"
grep -q '"payload_status": *"missing"' "$work/fetched" || fail "no missing payload: $(cut -c 1-300 "$work/fetched" | head -n 3)"
grep -q '"payload_status": *"corrupt"' "$work/fetched" || fail "no corrupt payload: $(cut -c 1-300 "$work/fetched" | head -n 3)"

# ---- What no message names goes after the grace time, not before
orphan="mts/data/one/00000001/0123456789abcdef0123456789abcdef"
before="$(count_objects mts/data)"
s3_request PUT "$orphan" --data-binary "orphan" || fail "cannot put an object"
s3_request PUT "a-client/object" --data-binary "of a client" || fail "cannot put an object"
orphan_gone() { ! object_keys mts/data | grep -q "$orphan"; }
sleep 0.5
orphan_gone && fail "the orphan went before the grace time"
wait_until 20 orphan_gone || fail "the orphan is still there"
(($(count_objects mts/data) == before)) || fail "the sweep took more than the orphan"
[[ -n "$(object_keys a-client)" ]] || fail "the sweep took a client's object"

# ---- Layout plain: every payload has its own object, below its subject
kill -TERM "$server_pid"
wait "$server_pid"
rm -rf "$work/data"
start_server "${flags[@]}" --s3-layout plain
"$MTS_BINARY" pub orders.eu "a small one" >/dev/null || fail "a small payload was not published"
key="$(object_keys mts/data/subject/orders/eu)"
[[ "$(s3_request GET "$key")" == "a small one" ]] || fail "the payload is not in the bucket below its subject: '$key'"
[[ "$("$MTS_BINARY" fetch orders.eu -o raw 2>/dev/null)" == "a small one" ]] || fail "a payload in the bucket is not fetched"
# The objects of the store before have no message any more.
wait_until 20 eval '(($(count_objects mts/data) == 1))' || fail "$(count_objects mts/data) objects are left, not 1"
kill -TERM "$server_pid"
wait "$server_pid"
code=$?
((code == 0)) || fail "SIGTERM: exit code $code"
server_pid=""
echo "all held"
