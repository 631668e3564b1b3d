#!/usr/bin/env bash
# The clients of port 3301 and the quick start's programs against a real Tarantool with our functions, then a kill and
# whether everything is there: the same expectations as against the embedded shape.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

for tool in tarantool go node npm python3; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
build="$(cd "$(dirname "$MTS_BINARY")/.." && pwd)"
[[ -f "$build/lib/mts.so" ]] || fail "$build/lib/mts.so is not built"

export MTS_MODULE_DIR="$build/lib" MTS_WORK_DIR="$work/data" MTS_CONSOLE_SOCKET="$work/run/tarantool.sock"
export MTS_LISTEN MTS_LOG_LEVEL=4
MTS_LISTEN="127.0.0.1:$(free_port)"

answers() {
  [[ "$(timeout 1 bash -c "head -c 9 <'/dev/tcp/${MTS_LISTEN%:*}/${MTS_LISTEN##*:}'" 2>/dev/null)" == Tarantool ]]
}

cat >"$work/restart.sh" <<RESTART
[[ ! -f "$work/pid" ]] || kill -9 "\$(cat "$work/pid")"
tarantool "$top/tarantool/init.lua" >>"$work/server.log" 2>&1 &
echo \$! >"$work/pid"
RESTART
bash "$work/restart.sh"
children+=("$(cat "$work/pid")")
wait_until 30 answers || fail "Tarantool is not ready after 30 s"

bash "$top/tests/clients/run.sh" "$MTS_LISTEN" || fail "a client got other answers"

cd "$top/quickstart" || fail "no folder quickstart"
export TARANTOOL_ADDRESS="$MTS_LISTEN" QUICKSTART_OBJECTS="$work/objects"
for program in test_new_schema test_grpc_functions scenario_ingress scenario_egress scenario_subscribe; do
  go run "$program.go" >"$work/$program.log" || { cat "$work/$program.log"; fail "$program.go"; }
done
RESTART="bash $work/restart.sh" ./test_persistence_simple.sh || fail "test_persistence_simple.sh"
children+=("$(cat "$work/pid")")

echo "box.info.status" | timeout 10 tarantoolctl connect "$MTS_CONSOLE_SOCKET" 2>&1 | grep -q running || fail "no console"
