#!/usr/bin/env bash
# Our functions in a real Tarantool with wal_mode=fsync: the quick start's calls with its Go client beside plain Lua functions
# (bench/gate/tarantool.lua) in turn, ROUNDS times (3), medians; then what the services call. Appends every measurement to FILE
# when one is named: run.sh [FILE]. Needs go and tarantool.
set -euo pipefail
results="${1:+$(realpath "$1")}"
work="$(mktemp -d "${BENCH_DIR:-/var/tmp}/mts-tarantool-bench-XXXXXX")"
source "$(dirname "${BASH_SOURCE[0]}")/../gate/common.sh"

top="$PWD/../.."
start_plain_tarantool plain 33013
MTS_MODULE_DIR="${MTS_MODULE_DIR:-$top/build/release/lib}" MTS_LISTEN=127.0.0.1:33014 MTS_WORK_DIR="$work/ours" \
  MTS_CONSOLE_SOCKET="" MTS_MEMTX_MEMORY=4G MTS_LOG_LEVEL=3 tarantool "$top/tarantool/init.lua" >"$work/ours.log" 2>&1 &
pids+=($!)
wait_for 33013
wait_for 33014

round() {
  measure plain 33013
  measure ours 33014
  measure services 33014 -services
}
measure_rounds "$results"

python3 - "$work/lines" <<'PYTHON'
import collections, json, statistics, sys

rates, medians = collections.defaultdict(list), collections.defaultdict(list)
for line in open(sys.argv[1]):
    run = json.loads(line)
    key = (run["name"], run["what"], run["in_flight"])
    rates[key].append(run["per_second"])
    medians[key].append(run["p50_us"])
for name, what, in_flight in rates:
    key = (name, what, in_flight)
    count = int(what.split()[-1]) if what.startswith(("append", "read")) else 1
    print(f"{name:9} {what + ', ' + str(in_flight):22} {statistics.median(rates[key]):9.0f} calls/s"
          f" {statistics.median(rates[key]) * count:11.0f} messages/s   p50 {statistics.median(medians[key]):7.0f} us")
PYTHON
