#!/usr/bin/env bash
# The quick start's programs against the server's gate, run as the document says, from their folder.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v go >/dev/null || { echo "go is not installed"; exit 77; }
cd "$(dirname "${BASH_SOURCE[0]}")/../../quickstart" || fail "no folder quickstart"
use_free_ports
MINITOOLSTREAM_GATE_LISTEN="127.0.0.1:$(free_port)"
start_server

export TARANTOOL_ADDRESS="$MINITOOLSTREAM_GATE_LISTEN" QUICKSTART_OBJECTS="$work/objects"
for program in test_new_schema test_grpc_functions scenario_ingress scenario_egress scenario_subscribe; do
  echo "== $program"
  go run "$program.go" || fail "$program.go"
done
# The programs can be run again on the same data.
go run test_grpc_functions.go >/dev/null || fail "test_grpc_functions.go the second time"

echo "== test_persistence_simple.sh"
unset TARANTOOL_ADDRESS
MINITOOLSTREAM="$MTS_BINARY" PERSISTENCE_PORT="$(free_port)" ./test_persistence_simple.sh || fail "test_persistence_simple.sh"
