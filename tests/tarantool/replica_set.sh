#!/usr/bin/env bash
# Replica sets of three and of two Tarantool instances with synchronous replication: the leader is killed under load,
# promote.lua lets another lead, the publishers find it, and no acknowledged message is lost or there twice. The former
# leader returns with its data, a tail that nobody else has among them: it harms nothing, and the same command has it
# join anew. Leaders also hang, restart, and greet without a further answer; instances start from snapshots.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source tests/e2e/common.sh

command -v tarantool >/dev/null || { echo "SKIPPED: no Tarantool: apt-get install tarantool" >&2; exit 77; }
export MTS_MODULE_DIR="${MTS_MODULE_DIR:-$PWD/build/release/lib}"
[[ -f "$MTS_MODULE_DIR/mts.so" ]] || fail "$MTS_MODULE_DIR/mts.so is not built"
export MTS_REPLICATION_PASSWORD=secret MTS_PASSWORD=changeme MTS_MEMTX_MEMORY=128M
addresses=()
supervisors=()
publisher=""

client() { timeout 60 tarantool tests/tarantool/replica_set_client.lua "$@"; }
state() { client state "${addresses[$1]}" "${2:-}" 2>/dev/null; }
promote() { # [--lost]
  MTS_JOIN_TIMEOUT=40 timeout 120 tarantool tarantool/promote.lua "$@" "${addresses[@]}" >"$work/promote.log" 2>&1 ||
    fail "promote.lua: $(cat "$work/promote.log")"
}
lines() { wc -l <"$work/acknowledged"; }
more_than() { (($(lines) > $1)); }
leads() { [[ "$(state "$1" leads)" == true ]]; }

# What supervises an instance: starts it again when it ends by itself.
supervise() { # NUMBER
  export MTS_WORK_DIR="$work/$1" MTS_LISTEN="${addresses[$1]}" MTS_CONSOLE_SOCKET="" MTS_BOOTSTRAP="$(($1 == 0))"
  while true; do
    tarantool tarantool/init.lua >>"$work/instance-$1.log" 2>&1 &
    echo $! >"$work/pid-$1"
    wait $!
    sleep 0.1
  done
}

start_instance() { # NUMBER
  supervise "$1" &
  supervisors[$1]=$!
}

stop_instance() { # NUMBER: as if its machine were gone
  [[ -n "${supervisors[$1]:-}" ]] || return 0
  kill -9 "${supervisors[$1]}" "$(cat "$work/pid-$1")" 2>/dev/null
  wait "${supervisors[$1]}" 2>/dev/null
  supervisors[$1]=""
}

stop_all() {
  local number
  [[ -n "$publisher" ]] && kill "$publisher" 2>/dev/null && wait "$publisher" 2>/dev/null
  for number in "${!addresses[@]}"; do stop_instance "$number"; done
  publisher=""
}
trap 'code=$?; stop_all; (exit "$code"); clean_up' EXIT

start_set() { # COUNT
  local number
  addresses=()
  for ((number = 0; number < $1; number++)); do addresses[number]="127.0.0.1:$(free_port)"; done
  MTS_REPLICATION="$(IFS=,; echo "${addresses[*]}")"
  export MTS_REPLICATION
  for number in "${!addresses[@]}"; do start_instance "$number"; done
  wait_until 60 leads 0 || fail "the set of $1 does not begin: $(tail -n 3 "$work"/instance-*.log)"
}

start_publishing() {
  : >"$work/acknowledged"
  rm -f "$work/stop"
  tarantool tests/tarantool/replica_set_client.lua publish "$work/acknowledged" "$work/stop" "${addresses[@]}" \
    >"$work/publisher.log" 2>&1 &
  publisher=$!
  publishing_goes_on
}

publishing_goes_on() { # [SECONDS]
  wait_until "${1:-60}" more_than "$(($(lines) + 500))" ||
    fail "publishing stands still at $(lines): $(cat "$work/promote.log" 2>/dev/null)"
}

stop_publishing() {
  touch "$work/stop"
  wait "$publisher" || fail "the publisher: $(cat "$work/publisher.log")"
  publisher=""
}

leader_of() { # NUMBER...: which of them leads
  local number
  for number in "$@"; do
    leads "$number" && leader="$number" && return 0
  done
  fail "nobody leads: $(cat "$work/promote.log")"
}

# What a hanging instance does at worst: it takes connections and greets, and never answers.
greet_and_hang() { # NUMBER
  python3 - "${addresses[$1]##*:}" <<'PYTHON' &
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
greeting = b"Tarantool 2.6.0 (Binary) 00000000-0000-4000-8000-000000000000".ljust(63) + b"\n" + (b"A" * 43 + b"=").ljust(63) + b"\n"
connections = []
while True:
    connections.append(server.accept()[0])
    connections[-1].sendall(greeting)
PYTHON
  hanging=$!
}

# The former leader returns, and nothing changes; then the command has it join anew, and it has what the others have.
former_leader_returns() { # NUMBER LEADER
  local uuid_before
  start_instance "$1"
  wait_until 30 state "$1" uuid >/dev/null || fail "instance $1 does not return"
  uuid_before="$(state "$1" uuid)"
  publishing_goes_on
  leads "$1" && fail "the former leader leads again"
  leads "$2" || fail "the new leader ceased to lead"
  promote
  [[ "$(state "$1" uuid)" != "$uuid_before" ]] || fail "the former leader kept its data: $(cat "$work/promote.log")"
  [[ -d "$work/$1/fenced-$uuid_before" ]] || fail "its data were not put aside"
  publishing_goes_on
}

all_have_everything() {
  local number
  stop_publishing
  for number in "${!addresses[@]}"; do
    wait_until 20 have_as_many "$number" || fail "instance $number has $(client rows "${addresses[$number]}") messages"
    client check "$work/acknowledged" "${addresses[$number]}" || fail "instance $number"
  done
}
have_as_many() { [[ "$(client rows "${addresses[$1]}")" == "$(client rows "${addresses[$leader]}")" ]]; }

# ---- Three instances: one is killed under load, two go on by the command
start_set 3
start_publishing
stop_instance 0
greet_and_hang 0
begin="$SECONDS"
promote
((SECONDS - begin <= 30)) || fail "promote.lua took $((SECONDS - begin)) s beside an instance that hangs"
leader_of 1 2
publishing_goes_on
kill "$hanging"
wait "$hanging" 2>/dev/null
former_leader_returns 0 "$leader"

# ---- An instance that joined, and has messages in its snapshot, starts again
stop_instance 0
start_instance 0
wait_until 30 state 0 uuid >/dev/null || fail "instance 0 does not start from its snapshot"

# ---- The leader is started again: another one leads, and it joins anew
former="$leader"
stop_instance "$former"
start_instance "$former"
wait_until 30 state "$former" uuid >/dev/null || fail "instance $former does not start again"
promote
others=()
for number in 0 1 2; do ((number == former)) || others+=("$number"); done
leader_of "${others[@]}"
publishing_goes_on

# ---- Each replica dies, the one among them whose confirmations the leader counts on
for number in 0 1 2; do
  ((number == leader)) && continue
  stop_instance "$number"
  publishing_goes_on 20
  start_instance "$number"
  wait_until 30 state "$number" uuid >/dev/null || fail "instance $number does not start again"
done
publishing_goes_on

# ---- The leader is cut off and killed with a tail that nobody else has
former="$leader"
others=()
for number in 0 1 2; do ((number == former)) || others+=("$number"); done
uuid="$(state "$former" uuid)"
for number in "${others[@]}"; do client cut "${addresses[$number]}" "$uuid" || fail "cutting $number off"; done
rows() { client rows "${addresses[$1]}"; }
has_a_tail() { (($(rows "$former") > $(rows "${others[0]}") && $(rows "$former") > $(rows "${others[1]}"))); }
client tail "${addresses[$former]}" || fail "publishing a tail"
wait_until 20 has_a_tail || fail "the leader has no tail"
stop_instance "$former"
promote
leader_of "${others[@]}"
publishing_goes_on
former_leader_returns "$former" "$leader"

# ---- The leader hangs, and wakes up when another one leads
former="$leader"
kill -STOP "$(cat "$work/pid-$former")"
promote
others=()
for number in 0 1 2; do ((number == former)) || others+=("$number"); done
leader_of "${others[@]}"
publishing_goes_on
kill -CONT "$(cat "$work/pid-$former")"
steps_down() { [[ "$(state "$former" leads)" == false ]]; }
wait_until 20 steps_down || fail "two lead: $(state "$former")"
publishing_goes_on
promote
all_have_everything

# ---- Too few answer: nobody is promoted, because an acknowledged message may be on the others only
for number in 0 1 2; do ((number == leader)) || last="$number"; done
for number in 0 1 2; do ((number == last)) || stop_instance "$number"; done
timeout 60 tarantool tarantool/promote.lua "${addresses[@]}" >"$work/promote.log" 2>&1 && fail "promoted without a quorum"
grep -q "do not answer; an acknowledged message may be only there" "$work/promote.log" || fail "$(cat "$work/promote.log")"
stop_all
rm -rf "$work"/[0-9]

# ---- Two instances: the other one goes on alone until the former leader has joined anew
start_set 2
start_publishing
stop_instance 0
promote
leader_of 1
publishing_goes_on
[[ "$(state 1 quorum)" == 1 ]] || fail "the quorum of one instance is $(state 1 quorum)"
former_leader_returns 0 1
whole_again() { [[ "$(state 1 quorum)" == 2 ]]; }
wait_until 20 whole_again || fail "the quorum is still $(state 1 quorum)"
publishing_goes_on

# ---- ... until its data are gone: the leader waits, is told so, goes on, and an empty instance takes the place
stop_instance 0
rm -rf "$work/0"
promote
standing="$(lines)"
more_than "$((standing + 16))" && fail "the leader goes on by itself with less than its quorum"
promote --lost
publishing_goes_on
start_instance 0
wait_until 30 whole_again || fail "the empty instance does not join: $(tail -n 5 "$work/instance-0.log")"
publishing_goes_on
all_have_everything
# ---- A server over the set: who publishes and reads there notices nothing but a wait
use_free_ports
start_server --metadata tarantool --tarantool-addresses "$MTS_REPLICATION"
seq 1 30000 >"$work/lines"
"$MTS_BINARY" pub lines --file "$work/lines" --lines --retry-for 60s >"$work/pub.log" 2>&1 &
pub_pid=$!
children+=("$pub_pid")
last_line() { "$MTS_BINARY" last lines 2>/dev/null | grep -o '[0-9]*$'; }
some_published() { (($(last_line) > 0)); }
wait_until 30 some_published || fail "the server publishes nothing: $(tail -n 3 "$work/pub.log" "$work/server.log")"
stop_instance 1
kill -0 "$pub_pid" 2>/dev/null || fail "everything was published before the leader died"
promote
leader_of 0
wait "$pub_pid" || fail "pub did not survive a failover: $(tail -n 3 "$work/pub.log")"
"$MTS_BINARY" sub lines --until-idle 2s -o raw >"$work/received" 2>"$work/sub.err"
cmp "$work/lines" "$work/received" || fail "the lines differ after a failover: $(tail -n 3 "$work/sub.err")"
kill_server
echo "all held"
