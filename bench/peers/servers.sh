# Starting and stopping the systems that are compared: minitoolstream, nats, redis, kafka. Each runs on 127.0.0.1 with its
# data below $work; durability is "durable" (nothing is answered before it is synced) or "relaxed" (each rival's default,
# minitoolstream's `--durability interval`). Expects PREFIX, MTS_BINARY and work.

declare -A pids=()
KAFKA_CLASSES="$PREFIX/kafka/classes:$PREFIX/kafka/libs/*"
KAFKA_LOG="-Dlog4j2.configurationFile=$work/log4j2.xml"
INGRESS=127.0.0.1:15051 EGRESS=127.0.0.1:15052

port_of() {
  case "$1" in
    minitoolstream) echo 15051 ;;
    nats) echo 14222 ;;
    redis) echo 16379 ;;
    kafka) echo 19092 ;;
  esac
}

version_of() {
  case "$1" in
    minitoolstream) "$MTS_BINARY" --version | sed 's/.* //' ;;
    nats) "$PREFIX/bin/nats-server" --version | sed 's/.*v//' ;;
    redis) redis-server --version | sed 's/.*v=\([^ ]*\).*/\1/' ;;
    kafka) basename "$PREFIX"/kafka/libs/kafka_2.13-*.jar .jar | sed 's/.*-//' ;;
  esac
}

command_minitoolstream() { # DURABILITY
  local mode=commit
  [[ "$1" == durable ]] || mode=interval
  command=("$MTS_BINARY" serve --data-dir "$work/minitoolstream" --durability "$mode" --ingress-listen "$INGRESS"
    --egress-listen "$EGRESS" --gate-listen "")
}

command_nats() {
  local sync=""
  [[ "$1" == durable ]] && sync=", sync_interval: always"
  cat >"$work/nats.conf" <<CONF
listen: 127.0.0.1:$(port_of nats)
max_payload: 8MB
jetstream { store_dir: '$work/nats', max_file_store: 60GB $sync }
CONF
  command=("$PREFIX/bin/nats-server" -c "$work/nats.conf")
}

command_redis() {
  local sync=everysec
  [[ "$1" == durable ]] && sync=always
  command=(redis-server --bind 127.0.0.1 --port "$(port_of redis)" --dir "$work/redis" --save "" --appendonly yes
    --appendfsync "$sync" --auto-aof-rewrite-percentage 0)
}

command_kafka() { # DURABILITY NEW (1: format the directory)
  cat >"$work/kafka.properties" <<CONF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:19093
listeners=PLAINTEXT://127.0.0.1:$(port_of kafka),CONTROLLER://127.0.0.1:19093
controller.listener.names=CONTROLLER
log.dirs=$work/kafka/data
message.max.bytes=8388608
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
group.initial.rebalance.delay.ms=0
log.segment.delete.delay.ms=500
CONF
  [[ "$1" == durable ]] && echo log.flush.interval.messages=1 >>"$work/kafka.properties"
  printf '<Configuration><Loggers><Root level="error"/></Loggers></Configuration>' >"$work/log4j2.xml"
  if (($2)); then
    java "$KAFKA_LOG" -cp "$KAFKA_CLASSES" kafka.tools.StorageTool format -t AAAAAAAAQACAAAAAAAAAAA \
      -c "$work/kafka.properties" >"$work/format.log" 2>&1 || cat "$work/format.log" >&2
  fi
  # The flags of kafka-server-start.sh.
  command=(java -server -Xms1G -Xmx1G -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35
    -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true "$KAFKA_LOG" -cp "$KAFKA_CLASSES" kafka.Kafka
    "$work/kafka.properties")
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# start SYSTEM DURABILITY [keep]: on new data, or on what is there. The start time goes to $work/t0.
start() {
  local system="$1" durability="$2" new=1 command=() i
  [[ "${3:-}" == keep ]] && new=0
  if ((new)); then
    rm -rf "${work:?}/$system"
    mkdir -p "$work/$system"
  fi
  "command_$system" "$durability" "$new"
  date +%s%N >"$work/t0.new"
  mv "$work/t0.new" "$work/t0"
  "${command[@]}" >"$work/$system.log" 2>&1 &
  pids[$system]=$!
  for ((i = 0; i < 6000; i++)); do
    listens "$(port_of "$system")" && return
    sleep 0.01
  done
  echo "$system does not come up: $(tail -n 3 "$work/$system.log")" >&2
  exit 1
}

stop() { # SYSTEM [SIGNAL]
  local pid="${pids[$1]:-}"
  [[ -n "$pid" ]] || return 0
  kill "-${2:-TERM}" "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  unset "pids[$1]"
}

stop_all() {
  local system
  for system in "${!pids[@]}"; do stop "$system" KILL; done
}

segments_are_prepared() { (($(find "$work/minitoolstream/log" -name 'pool-*.prepared' -size +65535k | wc -l) >= 8)); }

# A moment of idleness for all alike; minitoolstream writes its first segments ahead in it.
rest() { # SYSTEM
  local deadline=$((SECONDS + 10))
  sync
  sleep 1
  if [[ "$1" == minitoolstream ]]; then
    until segments_are_prepared || ((SECONDS > deadline)); do sleep 0.1; done
  fi
}
