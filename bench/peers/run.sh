#!/usr/bin/env bash
# Compares MiniToolStream with NATS JetStream, Redis Streams and Kafka on this machine, the same work in the same run.
#
#   bench/peers/run.sh [PIECE...]     (default: all pieces, one after the other)
#
# Pieces, each at most three minutes:
#   latency-durable   latency-relaxed   one message at a time; 1,000 messages a second
#   publish-durable   publish-relaxed   many in flight, 256 B and 10 KiB
#   large-durable     large-relaxed     many in flight, 1 MiB
#   store                               a million messages: memory, disk, consuming, restart after SIGKILL
#
# Within a piece the systems take turns, round by round. Every measurement is a line of JSON in OUT; the table and the
# plots are made of them by report.py.
#   OUT       bench/results/peers.jsonl      RUNS    rounds (3)
#   SYSTEMS   "minitoolstream nats redis kafka"     SECS    measured seconds, after 1 s (Kafka 2 s) of warm-up (2)
#   PREFIX    where install.sh put the rivals       BENCH_DIR   the disk that is measured (/var/tmp)
#   RUN_ID    names a run that is made in several calls (default: the time)
set -uo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
PREFIX="${PREFIX:-$here/../../build/peers}"
MTS_BINARY="${MTS_BINARY:-$here/../../build/release/bin/minitoolstream}"
OUT="${OUT:-$here/../results/peers.jsonl}"
RUNS="${RUNS:-3}" SECS="${SECS:-2}" STORED="${STORED:-1000000}"
SYSTEMS="${SYSTEMS:-minitoolstream nats redis kafka}"
work="$(mktemp -d "${BENCH_DIR:-/var/tmp}/mts-peers-XXXXXX")"
source "$here/servers.sh"
source "$here/clients.sh"
trap 'stop_all; rm -rf "${work:?}"' EXIT
trap 'exit 130' INT TERM

PIECES=(latency-durable publish-durable large-durable latency-relaxed publish-relaxed large-relaxed store)
run_id="${RUN_ID:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}"
durability=durable round=0

# note WORK SIZE: lines "metric value unit" become lines of JSON.
note() {
  local work_name="$1" size="$2" metric value unit
  while read -r metric value unit; do
    printf '{"run":"%s","round":%d,"system":"%s","version":"%s","durability":"%s","work":"%s","payload_bytes":%d,"metric":"%s","value":%s,"unit":"%s"}\n' \
      "$run_id" "$round" "$system" "${versions[$system]}" "$durability" "$work_name" "$size" "$metric" "$value" "$unit"
  done | tee -a "$OUT" >&2
}

measure() { # NAME WORK SIZE [FLAG...]
  local name="$1"
  shift
  sync
  client "$system" "$@" | note "$name" "$2"
}

# A new server on empty data. Kafka's is kept over the rounds and warmed up once, as its just-in-time compiler needs it.
fresh() {
  if [[ "$system" == kafka ]]; then
    [[ -n "${pids[kafka]:-}" ]] && return
    start kafka "$durability"
    client kafka pub 256 >/dev/null
    client kafka rate 10240 -warm 10 >/dev/null
  else
    stop "$system"
    start "$system" "$durability"
  fi
  rest "$system"
}

# The next system begins with nothing else running and a disk that is not still deleting.
leave() {
  [[ "$system" == kafka ]] && return
  stop "$system"
  rm -rf "${work:?}/$system"
}

latency() {
  fresh
  measure publish_1000_per_s rate 10240
  measure publish_one_at_a_time seq 256
  leave
}

publish() { # SIZE...
  local size
  for size in "$@"; do
    fresh
    measure publish pub "$size"
    if [[ "$system $durability $size" == "nats durable 256" ]]; then measure publish_atomic_batch batch 256; fi
    leave
  done
}

memory_and_disk() {
  awk '/^VmRSS/ {print "rss", $2 / 1024, "MiB"} /^RssAnon/ {print "rss_anon", $2 / 1024, "MiB"}' \
    "/proc/${pids[$system]}/status"
  echo "disk $(du -sm "$work/$system" | cut -f 1) MiB"
}

store() {
  start "$system" "$durability"
  rest "$system"
  client "$system" load 256 -n "$STORED" | note load 256
  memory_and_disk | note store 256
  measure consume consume 256 -n "$STORED"
  # SIGKILL, then the time until a client sees all messages. A client that needs long to start is there before.
  sync
  stop "$system" KILL
  rm -f "$work/t0"
  client "$system" ready 256 -n "$STORED" -t0 "$work/t0" | note store 256 &
  local waiting=$!
  sleep 1.5
  start "$system" "$durability" keep
  wait "$waiting"
  stop "$system" KILL
  rm -rf "${work:?}/$system"
}

run_piece() { # PIECE
  durability="${1##*-}"
  [[ "$1" == store ]] && durability=relaxed
  for ((round = 1; round <= RUNS; round++)); do
    for system in $SYSTEMS; do
      case "$1" in
        latency-*) latency ;;
        publish-*) publish 256 10240 ;;
        large-*) publish 1048576 ;;
        store) store ;;
      esac
    done
  done
  stop_all
}

declare -A versions=()
for system in $SYSTEMS; do versions[$system]="$(version_of "$system")"; done
if (($# == 0)); then set -- "${PIECES[@]}"; fi
for piece in "$@"; do
  [[ " ${PIECES[*]} " == *" $piece "* ]] || { echo "unknown piece '$piece'; there are: ${PIECES[*]}" >&2; exit 2; }
done
for piece in "$@"; do
  echo "== $piece" >&2
  run_piece "$piece"
done
