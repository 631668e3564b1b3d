# Shared by the end-to-end scripts: a temporary folder, a server in it, and waiting with a bound. MTS_BINARY is the program.

MTS_BINARY="${MTS_BINARY:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/release/bin/minitoolstream}"
work="$(mktemp -d "${TMPDIR:-/tmp}/mts-e2e-XXXXXX")"
server_pid=""
children=()

fail() {
  echo "FAILED: $*" >&2
  if [[ -f "$work/server.log" ]]; then
    echo "the end of the server's log:" >&2
    tail -n 30 "$work/server.log" >&2
  fi
  exit 1
}

clean_up() {
  local code=$?
  local pid
  for pid in "$server_pid" "${children[@]}"; do
    [[ -n "$pid" ]] || continue
    pkill -9 -P "$pid"  # of a function that runs in the background, the program
    kill -9 "$pid" 2>/dev/null
  done
  wait 2>/dev/null
  if ((code == 0 || code == 77)); then rm -rf "$work"; else echo "files are kept in $work" >&2; fi
  exit "$code"
}
trap clean_up EXIT

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Until COMMAND succeeds, at most SECONDS.
wait_until() { # SECONDS COMMAND...
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}

use_free_ports() {
  MINITOOLSTREAM_INGRESS="127.0.0.1:$(free_port)"
  MINITOOLSTREAM_EGRESS="127.0.0.1:$(free_port)"
  export MINITOOLSTREAM_INGRESS MINITOOLSTREAM_EGRESS
}

server_answers() {
  kill -0 "$server_pid" 2>/dev/null || fail "the server has ended"
  "$MTS_BINARY" info >/dev/null 2>&1
}

start_server() { # [FLAG...]
  "$MTS_BINARY" serve --data-dir "$work/data" --ingress-listen "$MINITOOLSTREAM_INGRESS" \
    --egress-listen "$MINITOOLSTREAM_EGRESS" --gate-listen "${MINITOOLSTREAM_GATE_LISTEN:-127.0.0.1:0}" "$@" >>"$work/server.log" 2>&1 &
  server_pid=$!
  wait_until 30 server_answers || fail "the server is not ready after 30 s"
}

kill_server() {
  kill -9 "$server_pid"
  wait "$server_pid" 2>/dev/null
  server_pid=""
}
