#!/usr/bin/env bash
# The client commands against what goes wrong: no server, a wrong address, a server that dies in the middle, a full disk, a
# closed pipe, a folder that is read-only, Ctrl-C at any point. Always one clear line on stderr, the right exit code, no half
# file under its final name.
set -u
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

checks=0
failures=0
export XDG_CONFIG_HOME="$work/config"

wrong() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

one_line() { # COMMAND...: it said exactly one line on stderr, besides that it tries again
  (($(grep -vc '^note:' "$work/err") == 1)) || wrong "$*: not one line on stderr: $(cat "$work/err")"
}

# The command ends with this code and says exactly one line on stderr, which contains WORD.
expect_failure() { # CODE WORD COMMAND...
  local code="$1" word="$2" got=0
  shift 2
  checks=$((checks + 1))
  timeout 60 "$MTS_BINARY" "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
  ((got == code)) || wrong "$*: exit code $got instead of $code: $(cat "$work/err")"
  one_line "$@"
  grep -qi -- "$word" "$work/err" || wrong "$*: '$word' is not in: $(cat "$work/err")"
}

expect_success() { # COMMAND...
  checks=$((checks + 1))
  timeout 60 "$MTS_BINARY" "$@" >"$work/out" 2>"$work/err" </dev/null || wrong "$*: $(cat "$work/err")"
}

absent() { # FILE...
  local path
  for path in "$@"; do [[ ! -e "$path" ]] || wrong "$path is there under its final name"; done
}

# Starts a command in the background, with standard input and SIGINT as a terminal gives them (a script's background jobs
# have neither).
begin() { # COMMAND...
  checks=$((checks + 1))
  (trap - EXIT && exec env --default-signal=INT "$MTS_BINARY" "$@") <&0 >"$work/out" 2>"$work/err" &
  pid=$!
  children+=("$pid")
  # A signal before it is the program would meet this script's shell.
  local tries=0
  until [[ "/proc/$pid/exe" -ef "$MTS_BINARY" ]] || ((++tries > 100000)); do :; done
}
expect_end() { # CODE WHAT: within ten seconds
  local code=0 deadline=$((SECONDS + 10))
  while kill -0 "$pid" 2>/dev/null; do
    ((SECONDS < deadline)) || { wrong "$2: still runs after ten seconds"; kill -9 "$pid"; break; }
    sleep 0.02
  done
  wait "$pid" || code=$?
  ((code == $1)) || wrong "$2: exit code $code instead of $1: $(cat "$work/err")"
}

every_client_command=("pub a text" "pub a --file $work/file" "pub a --lines --file $work/file" "pub a --file $work/folder" "sub a"
  "sub a --durable d --output-dir $work/received" "fetch a --durable d" "fetch a --wait 5s" "peek a" "peek a --durable d" "get a 1"
  "get a 1 --output $work/got" "ack a 1 --durable d" "last a" "subjects" "consumers" "info" "bench pub" "bench download --sequence 1")
echo "text" >"$work/file"
mkdir "$work/folder"
cp "$work/file" "$work/folder"

# ---- No server at all, a name that is none, a server that speaks something else
use_free_ports
for command in "${every_client_command[@]}"; do
  # shellcheck disable=SC2086
  expect_failure 3 "127.0.0.1" $command
done
absent "$work/got" "$work/received/"*
expect_failure 3 "127.0.0.1" health "$MINITOOLSTREAM_INGRESS"
expect_failure 3 "no-such-host.invalid" info --egress no-such-host.invalid:50052
expect_failure 3 "no-such-host.invalid" pub a text --ingress no-such-host.invalid:50051
expect_failure 3 "gave up after 1 second" info --retry-for 1s
python3 -c 'import http.server, sys
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
print(server.server_address[1], flush=True)
server.serve_forever()' >"$work/http-port" 2>/dev/null &
children+=("$!")
wait_until 10 test -s "$work/http-port" || fail "no HTTP server"
expect_failure 3 "127.0.0.1:$(cat "$work/http-port")" info --egress "127.0.0.1:$(cat "$work/http-port")"

# ---- Wrong command lines
expect_failure 2 "subject" pub
expect_failure 2 "subject" pub "with space" text
expect_failure 2 "255" pub "$(printf 's%.0s' {1..256})" text
expect_failure 2 "--ingress" pub a text --ingress "nowhere"
expect_failure 2 "--no-such-flag" pub a text --no-such-flag
expect_failure 2 "no-such-command" no-such-command
expect_failure 2 "no-such-command" context no-such-command
expect_failure 2 "nowhere" health nowhere
expect_failure 2 "sequence" ack a not-a-number --durable d
expect_failure 2 "durable" ack a 1
expect_failure 2 "format" info -o xml
expect_failure 2 "time span" info --timeout soon
expect_failure 2 "shell" completion tcsh
expect_failure 2 "either" pub a text --file "$work/file"
expect_failure 1 "no-such-file" pub a --file "$work/no-such-file"
expect_failure 1 "no-such-file" pub a --lines --file "$work/no-such-file"

# ---- A running server
start_server
expect_success pub greetings hello
expect_success fetch greetings --durable d
expect_failure 1 "sequence" ack greetings 999999 --durable d
expect_failure 1 "greetings" get greetings 999999
expect_success last unknown
expect_success health "$MINITOOLSTREAM_INGRESS" "$MINITOOLSTREAM_EGRESS"

# ---- A closed pipe ends quietly
seq 1 20000 >"$work/lines"
expect_success pub many --file "$work/lines" --lines
for i in {1..40}; do "$MTS_BINARY" pub "subject-$i" x >/dev/null; done
closed_pipe() { # COMMAND...: the reader ends after one line
  checks=$((checks + 1))
  timeout 60 "$MTS_BINARY" "$@" 2>"$work/err" | head -n 1 >"$work/out"
  local code=${PIPESTATUS[0]}
  ((code == 141 || code == 0)) || wrong "$* | head: exit code $code"
  [[ ! -s "$work/err" ]] || wrong "$* | head says: $(cat "$work/err")"
}
closed_pipe sub many --count 20000 -o raw
[[ "$(cat "$work/out")" == 1 ]] || wrong "sub | head printed: $(cat "$work/out")"
for command in "sub many -o json" "fetch many -n 10000" "peek many -n 10000 -o json" "subjects" "info -o json" "man" "--help" "serve --help"; do
  # shellcheck disable=SC2086
  closed_pipe $command
done

# ---- A full disk behind the output: said once, and nothing is acknowledged that was not written
full_output() { # COMMAND...
  local got=0
  checks=$((checks + 1))
  timeout 60 "$MTS_BINARY" "$@" >/dev/full 2>"$work/err" </dev/null || got=$?
  ((got == 1)) || wrong "$* >/dev/full: exit code $got: $(cat "$work/err")"
  one_line "$* >/dev/full"
  grep -q "space" "$work/err" || wrong "$* >/dev/full says: $(cat "$work/err")"
}
for command in "pub a text" "info" "subjects -o json" "last many" "peek many" "fetch many --durable f --ack" \
  "sub many --durable f --count 1" "get many 2" "context show" "man" "completion bash" "--help" "--version" "pub --help"; do
  # shellcheck disable=SC2086
  full_output $command
done
expect_success consumers many -o json
! grep -q '"durable_name":"f"' "$work/out" || wrong "what could not be written was acknowledged: $(cat "$work/out")"

# ---- A full disk and a read-only folder at the client
mkdir "$work/tree"
head -c 3000000 /dev/urandom >"$work/tree/large"
expect_success pub files --file "$work/tree"
large="$("$MTS_BINARY" last files)"
expect_failure 1 "plain-file\|/file" sub files --durable ro --output-dir "$work/file" --until-idle 2s
expect_failure 1 "/file" get files "$large" --output "$work/file/large"
read_only() { # FOLDER
  expect_failure 1 "$1" sub files --durable ro --output-dir "$1" --until-idle 2s
  expect_failure 1 "$1" get files "$large" --output "$1/large"
  XDG_CONFIG_HOME="$1" expect_failure 1 "$1" context add here --egress localhost:1
  [[ -z "$(ls -A "$1")" ]] || wrong "something was written to the read-only $1"
}
if ((EUID == 0)) && mkdir "$work/small" "$work/read-only" && mount -t tmpfs -o size=1m tmpfs "$work/small" 2>/dev/null; then
  expect_failure 1 "space" sub files --durable small --output-dir "$work/small" --until-idle 10s
  expect_failure 1 "space" get files "$large" --output "$work/small/large"
  absent "$work/small/large"
  [[ -z "$(ls -A "$work/small")" ]] || wrong "a full disk is left full: $(ls -A "$work/small")"
  dd if=/dev/zero of="$work/small/filler" bs=1M count=2 2>/dev/null
  XDG_CONFIG_HOME="$work/small" expect_failure 1 "space" context add here --egress localhost:1
  absent "$work/small/minitoolstream/contexts.yaml"
  umount "$work/small"
  mount -t tmpfs -o ro tmpfs "$work/read-only" && read_only "$work/read-only" && umount "$work/read-only"
elif ((EUID != 0)); then
  mkdir "$work/read-only" && chmod 555 "$work/read-only"
  read_only "$work/read-only"
  echo "SKIPPED: a full disk at the client: only root can mount a tmpfs"
else
  echo "SKIPPED: a full disk and a read-only folder at the client: no right to mount a tmpfs"
fi

# ---- Ctrl-C and SIGTERM while a command waits
for signal in INT TERM; do
  [[ "$signal" == INT ]] && expected=130 || expected=143
  for command in "sub nothing-comes" "fetch nothing-comes --wait 60s" "pub a" "pub a --lines" "info --egress 127.0.0.1:1 --retry-for 60s"; do
    # shellcheck disable=SC2086
    begin $command < <(exec sleep 60)
    wait_until 10 grep -q "^SigCgt:.*[4-7c-f]..[2367abef]$" "/proc/$pid/status" || wrong "$command: does not watch for signals"
    sleep 0.1
    kill "-$signal" "$pid"
    expect_end "$expected" "$command at SIG$signal"
    [[ ! -s "$work/err" ]] || grep -q "trying again" "$work/err" || wrong "$command at SIG$signal says: $(cat "$work/err")"
  done
done

# ---- Ctrl-C at any point of what writes: nothing half under its final name, and it can be done again
head -c 300000000 /dev/zero >"$work/tree/larger"
for delay in 0 0.005 0.01 0.02 0.04 0.08 0.16; do
  begin pub ctrl --file "$work/tree" --message-id run
  sleep "$delay"
  kill -INT "$pid"
  code=0
  wait "$pid" || code=$?
  ((code == 130 || code == 0)) || wrong "pub at SIGINT after $delay s: exit code $code: $(cat "$work/err")"
  (($(wc -l <"$work/err") == 0)) || wrong "pub at SIGINT says: $(cat "$work/err")"
done
expect_success pub ctrl --file "$work/tree" --message-id run
larger="$("$MTS_BINARY" peek ctrl -n 10 -o json | grep -F '"larger"' | sed 's/.*"sequence":\([0-9]*\).*/\1/')"
for delay in 0 0.005 0.01 0.02 0.04 0.08 0.16; do
  rm -f "$work/larger"
  begin get ctrl "$larger" --output "$work/larger"
  sleep "$delay"
  kill -INT "$pid"
  code=0
  wait "$pid" || code=$?
  ((code == 130 || code == 0)) || wrong "get at SIGINT after $delay s: exit code $code: $(cat "$work/err")"
  ((code == 0)) || absent "$work/larger"
done
expect_success get ctrl "$larger" --output "$work/larger"
cmp "$work/larger" "$work/tree/larger" || wrong "a download that was interrupted and continued differs"

# ---- The server dies in the middle and stays away, then it is back
rm "$work/larger"
begin get ctrl "$larger" --output "$work/larger" --retry-for 1s
wait_until 10 test -s "$work/.minitoolstream-larger-$larger.part" || wrong "no download began"
kill_server
expect_end 3 "get without its server"
tail -n 1 "$work/err" | grep -q "gave up after 1 second" || wrong "get without its server says: $(cat "$work/err")"
absent "$work/larger"
start_server
expect_success get ctrl "$larger" --output "$work/larger"
cmp "$work/larger" "$work/tree/larger" || wrong "a download that lost its server and was continued differs"
die_in_the_middle() { # COMMAND...: ends with 3 and one line of failure
  begin "$@" --retry-for 500ms < <(while echo line; do sleep 0.01; done 2>/dev/null)
  sleep 0.3
  kill_server
  expect_end 3 "$* without its server"
  tail -n 1 "$work/err" | grep -q "gave up\|not available\|cannot reach" || wrong "$* without its server says: $(cat "$work/err")"
  (($(grep -vc '^note:' "$work/err") == 1)) || wrong "$* without its server says: $(cat "$work/err")"
  start_server
}
die_in_the_middle pub lost --lines
die_in_the_middle sub nothing-comes
die_in_the_middle sub nothing-comes --durable d --output-dir "$work/received"
die_in_the_middle fetch nothing-comes --wait 60s

checks=$((checks + 1))
begin bench pub --duration 60s --warm-up 0s
sleep 0.5
kill_server
expect_end 3 "bench without its server"
one_line "bench without its server"

echo "$checks checks, $failures failed"
((failures == 0))
