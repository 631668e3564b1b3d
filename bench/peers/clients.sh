# client SYSTEM WORK SIZE [FLAG...]: drives one system with one piece of work and prints lines "metric value unit".
# Works: pub (many in flight), batch (NATS: atomic batches), rate (1,000/s), seq (one at a time), load (-n messages),
# consume (-n messages, acknowledged), ready (until all -n messages are served, from the time in file -t0).
# MiniToolStream is driven by `minitoolstream bench`, NATS and Redis by gobench, Kafka by KafkaBench.java.

# How many are in flight: what gave each rival its best throughput. MiniToolStream has what NATS has.
flags_of() { # SYSTEM WORK SIZE
  case "$1-$2-$3" in
    minitoolstream-pub-256) echo --batch 500 --in-flight 16 ;;
    minitoolstream-pub-10240) echo --batch 100 --in-flight 10 ;;
    minitoolstream-pub-*) echo --batch 4 --in-flight 8 ;;
    nats-pub-256 | nats-load-256) echo -conns 2 -inflight 8000 ;;
    nats-pub-10240) echo -conns 2 -inflight 1000 ;;
    nats-pub-*) echo -conns 2 -inflight 32 ;;
    nats-batch-*) echo -conns 4 -batch 500 ;;
    redis-pub-256 | redis-load-256) echo -conns 4 -inflight 2000 ;;
    redis-pub-10240) echo -conns 4 -inflight 400 ;;
    redis-pub-*) echo -conns 4 -inflight 16 ;;
    kafka-pub-256 | kafka-load-256) echo -linger 5 -batchbytes 524288 -warm 2 ;;
    kafka-pub-10240) echo -linger 5 -batchbytes 1048576 -warm 2 ;;
    kafka-pub-*) echo -linger 5 -batchbytes 131072 -warm 2 ;; # a message is a batch
    kafka-rate-* | kafka-seq-*) echo -batchbytes 131072 -warm 2 ;;
  esac
}

client() {
  local system="$1" work_name="$2" size="$3"
  shift 3
  # shellcheck disable=SC2046
  set -- $(flags_of "$system" "$work_name" "$size") "$@"
  case "$system" in
    minitoolstream) "minitoolstream_$work_name" "$size" "$@" ;;
    kafka)
      java -Xms512m -Xmx2g "$KAFKA_LOG" -cp "$KAFKA_CLASSES" KafkaBench -work "$work_name" -size "$size" -secs "$SECS" "$@"
      ;;
    *)
      timeout 175 "$PREFIX/bin/peerbench" -sys "$system" -addr "127.0.0.1:$(port_of "$system")" -work "$work_name" \
        -size "$size" -secs "$SECS" "$@"
      ;;
  esac
}

# minitoolstream bench, its JSON as lines of the metrics that are named.
bench() { # METRICS ARGUMENT...
  local metrics="$1"
  shift
  "$MTS_BINARY" bench "$@" --ingress "$INGRESS" --egress "$EGRESS" -o json | python3 -c '
import json, sys
run = json.loads(sys.stdin.read().splitlines()[-1])
if run["errors"]:
    sys.exit("minitoolstream bench: %d errors" % run["errors"])
figures = {
    "throughput": ("throughput %.6g msg/s", run["messages_per_s"]),
    "megabytes": ("throughput_mb %.6g MB/s", run["mb_per_s"]),
    "p50": ("latency_p50 %.6g ms", run["latency_ms"]["p50"]),
    "p99": ("latency_p99 %.6g ms", run["latency_ms"]["p99"]),
}
for name in sys.argv[1:]:
    text, value = figures[name]
    print(text % value)' $metrics
}

minitoolstream_pub() { bench "throughput megabytes" pub-stream --size "$1" --duration "${SECS}s" --warm-up 1s "${@:2}"; }
minitoolstream_seq() { bench "p50 p99 throughput" pub --in-flight 1 --size "$1" --duration "${SECS}s" --warm-up 1s; }
minitoolstream_rate() { bench "p50 p99" pub --rate 1000 --size "$1" --duration "${SECS}s" --warm-up 1s; }
# The messages are published before the load begins; one fetch of them is enough here.
minitoolstream_load() { bench "" fetch-batch --size "$1" --fill "$3" --duration 1ms --warm-up 0s; }
# One reader, batches of 500 that are parsed and acknowledged, from the first message on, again when it is through.
minitoolstream_consume() { bench "throughput" fetch-batch --parse --size "$1" --duration "${SECS}s" --warm-up 0s; }

minitoolstream_ready() { # SIZE -n MESSAGES -t0 FILE
  local deadline=$((SECONDS + 60))
  until [[ -s "$5" ]]; do sleep 0.002; done
  until "$MTS_BINARY" info --ingress "$INGRESS" --egress "$EGRESS" --timeout 1s -o json 2>/dev/null |
    grep -q "\"messages\":$3,"; do
    ((SECONDS < deadline)) || { echo "minitoolstream: not ready after 60 s" >&2; return 1; }
  done
  echo "restart_to_ready $((($(date +%s%N) - $(cat "$5")) / 1000000)) ms"
}
