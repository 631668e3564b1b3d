#!/usr/bin/env bash
# The cluster shape as ./dev cluster starts it: publishing and fetching through its processes, news from another ingress,
# outages of MinIO and Tarantool, kill -9 of each process under load; nothing acknowledged is lost, no object is left over.
set -u
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/s3.sh"

require_cluster TARANTOOL MINIO INGRESS EGRESS CLEANER
export MTS_CLUSTER_DIR="$work"
export MINITOOLSTREAM_INGRESS="127.0.0.1:$MTS_CLUSTER_INGRESS_PORT" MINITOOLSTREAM_EGRESS="127.0.0.1:$MTS_CLUSTER_EGRESS_PORT"
export MINITOOLSTREAM_SWEEP_GRACE=16s MINITOOLSTREAM_SWEEP_INTERVAL=500ms
minio_port="$MTS_CLUSTER_MINIO_PORT"

cluster() { "$root/dev" cluster "$@" >>"$work/cluster.log" 2>&1; }
clean_up_cluster() {
  local code=$?
  cluster stop
  (exit "$code")
  clean_up
}
trap clean_up_cluster EXIT
cat >"$work/kill" <<'SCRIPT'
#!/usr/bin/env bash
# kill PIDFILE...: SIGKILL, and waits until they are gone
for file in "$@"; do
  pid="$(cat "$file")"
  kill -9 "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
done
SCRIPT
end_part() { bash "$work/kill" "$work/$1.pid"; }
serving() { "$MTS_BINARY" health "$MINITOOLSTREAM_INGRESS" "$MINITOOLSTREAM_EGRESS" >/dev/null 2>&1; }
not_serving() { ! "$MTS_BINARY" health "$MINITOOLSTREAM_INGRESS" >/dev/null 2>&1; }
minio_objects() { (cd "$work/minio/data/$bucket" 2>/dev/null && find ./mts/data -name xl.meta -printf '%h\n') | sed 's|^\./||'; }

# ---- Starting, status, starting again
cluster start || fail "the cluster does not start: $(tail -n 20 "$work/cluster.log")"
cluster status || fail "not everything is ready: $(tail -n 6 "$work/cluster.log")"
cluster start || fail "starting what runs is an error"

# ---- A message by one process, read by another; its payload is in the bucket below its subject
"$MTS_BINARY" pub orders.eu "a small one" >/dev/null || fail "publishing"
[[ "$("$MTS_BINARY" fetch orders.eu -o raw)" == "a small one" ]] || fail "fetching"
minio_objects | grep -q '^mts/data/subject/orders/eu/' || fail "the payload is not below its subject: $(minio_objects)"

# ---- News of what another ingress published, without polling each second
MINITOOLSTREAM_TARANTOOL_ADDRESSES="127.0.0.1:$MTS_CLUSTER_TARANTOOL_PORT" MINITOOLSTREAM_S3_ENDPOINT="127.0.0.1:$minio_port" \
  "$MTS_BINARY" ingress --ingress-listen "127.0.0.1:0" >"$work/second.log" 2>&1 &
children+=("$!")
second_port() { sed -n 's/.*publishing on .* (port \([0-9]*\)).*/\1/p' "$work/second.log"; }
wait_until 20 eval '[[ -n "$(second_port)" ]]' || fail "the second ingress does not start: $(cat "$work/second.log")"
wait_until 20 "$MTS_BINARY" health "127.0.0.1:$(second_port)" >/dev/null 2>&1 || fail "the second ingress is not ready"
"$MTS_BINARY" sub news --count 6 -o raw >"$work/news" 2>"$work/sub.err" &
sub_pid=$!
children+=("$sub_pid")
heard() { (($(wc -l <"$work/news") >= $1)); }
publish_second() { MINITOOLSTREAM_INGRESS="127.0.0.1:$(second_port)" "$MTS_BINARY" pub news "$1" >/dev/null; }
publish_second "news 0" || fail "publishing to the second ingress"
wait_until 20 heard 1 || fail "no news: $(cat "$work/sub.err")"
began="$(date +%s%N)"
for i in 1 2 3 4 5; do
  publish_second "news $i" || fail "publishing to the second ingress"
  wait_until 20 heard $((i + 1)) || fail "news $i did not arrive"
done
took=$((($(date +%s%N) - began) / 1000000))
echo "five messages one after the other were heard after $took ms"
((took < 2500)) || fail "news take as long as if somebody polled"
wait "$sub_pid"

# ---- Outages: UNAVAILABLE, not ready, and everything goes on by itself
for part in minio tarantool; do
  end_part "$part"
  wait_until 30 not_serving || fail "$part is away, and the ingress says that it serves"
  if "$MTS_BINARY" pub outage "lost?" --retry-for 0s >/dev/null 2>"$work/err"; then fail "published without $part"; fi
  "$MTS_BINARY" pub outage "after $part" --retry-for 60s >/dev/null 2>&1 &
  pub_pid=$!
  cluster start "$part" || fail "$part does not start again: $(tail -n 5 "$work/cluster.log")"
  wait_until 30 serving || fail "not ready after $part came back"
  wait "$pub_pid" || fail "publishing did not go on after the outage of $part"
done
"$MTS_BINARY" fetch outage -o raw -n 10 >"$work/fetched"
grep -q "after minio" "$work/fetched" && grep -q "after tarantool" "$work/fetched" || fail "messages are missing after the outages"

# ---- Each process dies under load: what was answered is there, once and in order
lines="${MTS_CLUSTER_LINES:-800}"
seq 1 "$lines" >"$work/lines"
"$MTS_BINARY" pub load --file "$work/lines" --lines --retry-for 120s >"$work/pub.log" 2>&1 &
pub_pid=$!
children+=("$pub_pid")
for part in ingress minio tarantool egress cleaner; do
  sleep 0.3
  end_part "$part"
  cluster start "$part" || fail "$part does not start again: $(tail -n 5 "$work/cluster.log")"
done
wait "$pub_pid" || fail "publishing did not survive: $(tail -n 3 "$work/pub.log")"
wait_until 30 serving || fail "not ready after the kills"
"$MTS_BINARY" sub load --durable all --count "$lines" --until-idle 5s -o raw >"$work/received" 2>"$work/sub.err"
cmp "$work/lines" "$work/received" || fail "the lines differ after the kills"

# ---- A row whose object never existed is marked and blocks nobody
key="$(minio_objects | grep '^mts/data/subject/orders/eu/')"
s3_request DELETE "$key" || fail "cannot remove an object"
"$MTS_BINARY" pub orders.eu "the next one" >/dev/null || fail "publishing"
cluster stop egress && cluster start egress || fail "the egress does not start again"
"$MTS_BINARY" fetch orders.eu -n 10 -o json >"$work/fetched" || fail "a missing object blocks a reader"
grep -q missing "$work/fetched" || fail "a missing object is not marked: $(cat "$work/fetched")"
(($(wc -l <"$work/fetched") == 2)) || fail "not both messages came"

# ---- After the sweep every object has its message: one each, and none for the message whose object is gone
messages() { "$MTS_BINARY" subjects -o json | python3 -c 'import json,sys; print(sum(int(json.loads(l)["messages"]) for l in sys.stdin))'; }
expected=$(($(messages) - 1))
no_orphans() { (($(minio_objects | wc -l) == expected)); }
wait_until 60 no_orphans || fail "$(minio_objects | wc -l) objects for $expected messages"

# ---- The end is clean
cluster stop || fail "stop"
cluster status && fail "something still runs"
for part in tarantool minio ingress egress cleaner; do
  [[ ! -e "$work/$part.pid" ]] || fail "$part did not end"
done
for part in ingress egress cleaner; do tail -n 1 "$work/$part.log" | grep -q "shut down" || fail "$part did not shut down"; done

# ---- The kill -9 loop: the server in one process, and after each kill Tarantool and MinIO too
export MTS_CLUSTER_DIR="$work/crash"
cluster start tarantool minio || fail "Tarantool and MinIO do not start: $(tail -n 5 "$work/cluster.log")"
for part in tarantool minio; do children+=("$(cat "$MTS_CLUSTER_DIR/$part.pid")"); done
"$root/build/release/bin/crash_loop" --server "$MTS_BINARY" --rounds "${MTS_CLUSTER_ROUNDS:-2}" --seed "${MTS_SEED:-$RANDOM}" \
  --between "bash $work/kill $MTS_CLUSTER_DIR/tarantool.pid $MTS_CLUSTER_DIR/minio.pid; $root/dev cluster start tarantool minio >>$work/cluster.log 2>&1" \
  -- --metadata tarantool --payload s3 --tarantool-addresses "127.0.0.1:$MTS_CLUSTER_TARANTOOL_PORT" \
  --s3-endpoint "127.0.0.1:$minio_port" || fail "the kill -9 loop found violations"
cluster stop
echo "all held"
