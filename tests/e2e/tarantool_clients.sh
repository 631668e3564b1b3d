#!/usr/bin/env bash
# Programs that know only Tarantool against the embedded shape's port 3301: the client checks in Go, Python and Node, and the
# quick start's programs that need no object store.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source tests/e2e/common.sh

languages=()
for language in go python3 node; do
  if command -v "$language" >/dev/null; then
    languages+=("${language%3}")
  else
    echo "SKIPPED: the checks in $language, which is not installed here" >&2
  fi
done
((${#languages[@]} > 0)) || exit 77

use_free_ports
MINITOOLSTREAM_GATE_LISTEN="127.0.0.1:$(free_port)"
start_server
bash tests/clients/run.sh "$MINITOOLSTREAM_GATE_LISTEN" "${languages[@]}" || fail "a client got another answer than expected"

if command -v go >/dev/null; then
  export TARANTOOL_ADDRESS="$MINITOOLSTREAM_GATE_LISTEN"
  for program in test_new_schema.go test_grpc_functions.go scenario_subscribe.go; do
    (cd quickstart && timeout 300 go run "$program") || fail "quickstart: go run $program"
  done
  kill_server
  (cd quickstart && MINITOOLSTREAM="$MTS_BINARY" timeout 300 ./test_persistence_simple.sh) ||
    fail "quickstart: ./test_persistence_simple.sh"
fi
echo "every client of the Tarantool protocol got what it expects"
