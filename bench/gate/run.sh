#!/usr/bin/env bash
# The same Go client against the gate and against a real Tarantool with wal_mode=fsync, in turn, ROUNDS times (3); prints
# the medians, and appends every measurement to FILE when one is named: run.sh [FILE]. Needs go and tarantool.
set -euo pipefail
results="${1:+$(realpath "$1")}"
work="$(mktemp -d "${BENCH_DIR:-/var/tmp}/mts-gate-bench-XXXXXX")"
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

program="${MINITOOLSTREAM:-$PWD/../../build/release/bin/minitoolstream}"
start_plain_tarantool tarantool 33011
"$program" serve --data-dir "$work/data" --ingress-listen 127.0.0.1:0 --egress-listen 127.0.0.1:0 \
  --gate-listen 127.0.0.1:33012 >"$work/server.log" 2>&1 &
pids+=($!)
wait_for 33011
wait_for 33012

round() {
  measure tarantool 33011
  measure gate 33012
}
measure_rounds "$results"

python3 - "$work/lines" <<'PYTHON'
import collections, json, statistics, sys

rates, medians = collections.defaultdict(list), collections.defaultdict(list)
for line in open(sys.argv[1]):
    run = json.loads(line)
    key = (run["what"], run["in_flight"], run["name"])
    rates[key].append(run["per_second"])
    medians[key].append(run["p50_us"])
print("what, in flight                   Tarantool/s      gate/s   ratio   p50 Tarantool, gate (us)")
for what, in_flight, name in sorted(rates):
    if name != "gate":
        continue
    ours, theirs = ((what, in_flight, n) for n in ("gate", "tarantool"))
    rate, other = statistics.median(rates[ours]), statistics.median(rates[theirs])
    print(f"{what + ', ' + str(in_flight):30} {other:14.0f} {rate:11.0f} {rate / other:7.2f}   "
          f"{statistics.median(medians[theirs]):.0f}, {statistics.median(medians[ours]):.0f}")
PYTHON
