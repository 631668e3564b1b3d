#!/usr/bin/env bash
# Publishes, ends the server the hard way, starts it again and checks that everything is there.
#
# RESTART is a command that restarts the server at TARANTOOL_ADDRESS; where docker-compose.yml is running it is
# "docker-compose restart tarantool". Without it the script runs a minitoolstream of its own (MINITOOLSTREAM, or the one in
# build/) in a temporary folder and kills it with SIGKILL.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

work="$(mktemp -d "${TMPDIR:-/tmp}/mts-persistence-XXXXXX")"
server_pid=""

end() {
  [[ -z "$server_pid" ]] || kill -9 "$server_pid" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap end EXIT

answers() {
  local host="${TARANTOOL_ADDRESS%:*}" port="${TARANTOOL_ADDRESS##*:}"
  [[ "$(timeout 1 bash -c "head -c 9 <'/dev/tcp/$host/$port'" 2>/dev/null)" == Tarantool ]]
}

wait_for_server() {
  local i
  for ((i = 0; i < 300; i++)); do
    answers && return
    sleep 0.1
  done
  echo "the server at $TARANTOOL_ADDRESS does not answer" >&2
  exit 1
}

start_own() {
  "$program" serve --data-dir "$work/data" --ingress-listen 127.0.0.1:0 --egress-listen 127.0.0.1:0 \
    --gate-listen "$TARANTOOL_ADDRESS" >>"$work/server.log" 2>&1 &
  server_pid=$!
}

restart() {
  if [[ -n "${RESTART:-}" ]]; then
    bash -c "$RESTART"
  else
    kill -9 "$server_pid"
    wait "$server_pid" 2>/dev/null || true
    start_own
  fi
}

if [[ -z "${RESTART:-}${MINITOOLSTREAM:-}" ]] && docker exec minitoolstream-tarantool true >/dev/null 2>&1; then
  RESTART="docker-compose restart tarantool"
fi
if [[ -z "${RESTART:-}" ]]; then
  program="${MINITOOLSTREAM:-../build/release/bin/minitoolstream}"
  export TARANTOOL_ADDRESS="127.0.0.1:${PERSISTENCE_PORT:-13301}"
  start_own
fi
export TARANTOOL_ADDRESS="${TARANTOOL_ADDRESS:-127.0.0.1:3301}"

wait_for_server
go build -o "$work/test_persistence" test_persistence.go
echo "publishing"
"$work/test_persistence" publish "$work/record"
echo "restarting"
restart
wait_for_server
echo "checking"
"$work/test_persistence" check "$work/record"
