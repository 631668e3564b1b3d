#!/usr/bin/env bash
# Clients of the Tarantool protocol (Go, Python, Node) against the server's gate: tests/clients/expectations.json.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

for tool in go node npm python3; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
use_free_ports
MINITOOLSTREAM_GATE_LISTEN="127.0.0.1:$(free_port)"
start_server
bash "$(dirname "${BASH_SOURCE[0]}")/../clients/run.sh" "$MINITOOLSTREAM_GATE_LISTEN" || fail "a client got other answers"
