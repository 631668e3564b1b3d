#!/usr/bin/env bash
# The client commands against what goes wrong: no server, a wrong address, a server that dies, a full disk, a closed pipe, a
# folder that is read-only, Ctrl-C. Always one clear line on stderr, the right exit code, no half file under its final name.
set -u
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

checks=0
failures=0

wrong() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

# The command ends with this code and says exactly one line on stderr, which contains WORD.
expect_failure() { # CODE WORD COMMAND...
  local code="$1" word="$2" got=0
  shift 2
  checks=$((checks + 1))
  timeout 60 "$MTS_BINARY" "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
  ((got == code)) || wrong "$*: exit code $got instead of $code: $(cat "$work/err")"
  (($(wc -l <"$work/err") == 1)) || wrong "$*: not one line on stderr: $(cat "$work/err")"
  grep -qi -- "$word" "$work/err" || wrong "$*: '$word' is not in: $(cat "$work/err")"
}

expect_success() { # COMMAND...
  checks=$((checks + 1))
  timeout 60 "$MTS_BINARY" "$@" >"$work/out" 2>"$work/err" </dev/null || wrong "$*: $(cat "$work/err")"
}

# ---- No server at all
use_free_ports
echo "text" >"$work/file"
for command in "pub a text" "pub a --file $work/file" "sub a" "fetch a --durable d" "peek a" "get a 1" \
  "ack a 1 --durable d" "last a" "subjects" "consumers" "info"; do
  # shellcheck disable=SC2086
  expect_failure 3 "127.0.0.1" $command
done

expect_failure 3 "127.0.0.1" health "$MINITOOLSTREAM_INGRESS"

# ---- Wrong command lines
expect_failure 2 "subject" pub
expect_failure 2 "subject" pub "with space" text
expect_failure 2 "255" pub "$(printf 's%.0s' {1..256})" text
expect_failure 2 "--ingress" pub a text --ingress "nowhere"
expect_failure 2 "--no-such-flag" pub a text --no-such-flag
expect_failure 2 "no-such-command" no-such-command
expect_failure 2 "sequence" ack a not-a-number --durable d
expect_failure 2 "durable" ack a 1
expect_failure 2 "format" info -o xml
expect_failure 2 "nowhere" health nowhere
expect_failure 1 "no-such-file" pub a --file "$work/no-such-file"

# ---- A running server
start_server
expect_success pub greetings hello
expect_success fetch greetings --durable d
expect_success health "$MINITOOLSTREAM_INGRESS" "$MINITOOLSTREAM_EGRESS"
expect_failure 1 "sequence" ack greetings 999999 --durable d
expect_failure 1 "greetings" get greetings 999999
expect_success last unknown

# A closed pipe ends quietly.
checks=$((checks + 1))
seq 1 20000 >"$work/lines"
expect_success pub many --file "$work/lines" --lines
"$MTS_BINARY" sub many --count 20000 -o raw 2>"$work/err" | head -n 1 >"$work/out"
code=${PIPESTATUS[0]}
((code == 141 || code == 0)) || wrong "sub | head: exit code $code"
[[ ! -s "$work/err" ]] || wrong "sub | head says: $(cat "$work/err")"
[[ "$(cat "$work/out")" == 1 ]] || wrong "sub | head printed: $(cat "$work/out")"

# ---- Full disk and read-only folder at the client
mkdir "$work/tree"
head -c 3000000 /dev/urandom >"$work/tree/large"
expect_success pub files --file "$work/tree"
touch "$work/plain-file"
expect_failure 1 "plain-file" sub files --durable ro --output-dir "$work/plain-file" --until-idle 2s
if ((EUID == 0)) && mkdir "$work/small" && mount -t tmpfs -o size=1m tmpfs "$work/small" 2>/dev/null; then
  expect_failure 1 "space" sub files --durable small --output-dir "$work/small" --until-idle 10s
  [[ ! -e "$work/small/large" ]] || wrong "a half file under its final name on a full disk"
  expect_failure 1 "space" get files "$("$MTS_BINARY" last files)" --output "$work/small/large"
  [[ ! -e "$work/small/large" ]] || wrong "a half file under its final name on a full disk"
  umount "$work/small"
else
  echo "SKIPPED: a full disk at the client: no right to mount a tmpfs"
fi

# ---- Ctrl-C and SIGTERM
for signal in INT TERM; do
  checks=$((checks + 1))
  # A background job of a script ignores SIGINT, env gives it back.
  env --default-signal=INT "$MTS_BINARY" sub nothing-comes >"$work/out" 2>"$work/err" &
  pid=$!
  children+=("$pid")
  sleep 0.5
  kill "-$signal" "$pid"
  wait "$pid"
  code=$?
  [[ "$signal" == INT ]] && expected=130 || expected=143
  ((code == expected)) || wrong "sub at SIG$signal: exit code $code instead of $expected"
  (($(wc -l <"$work/err") <= 1)) || wrong "sub at SIG$signal says: $(cat "$work/err")"
done

# ---- The server dies in the middle and stays away
checks=$((checks + 1))
head -c 200000000 /dev/zero >"$work/tree/larger"
timeout 60 "$MTS_BINARY" pub files --file "$work/tree" --retry-for 1s >"$work/out" 2>"$work/err" &
pid=$!
sleep 0.2
kill_server
wait "$pid"
code=$?
((code == 3 || code == 0)) || wrong "pub without its server: exit code $code: $(cat "$work/err")"

echo "$checks checks, $failures failed"
((failures == 0))
