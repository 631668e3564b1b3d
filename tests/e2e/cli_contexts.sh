#!/usr/bin/env bash
# Contexts as someone with several servers uses them: flags over variables over the context over defaults, whatever may be wrong
# with the file is one clear line. What `config` says of a server's configuration. The manual page is made without a warning.
set -u
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

checks=0
failures=0
export XDG_CONFIG_HOME="$work/config"
file="$XDG_CONFIG_HOME/minitoolstream/contexts.yaml"

wrong() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}
expect() { # CODE WORD COMMAND...: ends with CODE, WORD is in what it says
  local code="$1" word="$2" got=0
  shift 2
  checks=$((checks + 1))
  timeout 60 "$MTS_BINARY" "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
  ((got == code)) || wrong "$*: exit code $got instead of $code: $(cat "$work/err")"
  ((got == 0 || $(wc -l <"$work/err") == 1)) || wrong "$*: not one line on stderr: $(cat "$work/err")"
  [[ -z "$word" ]] || cat "$work/out" "$work/err" | grep -q -- "$word" || wrong "$*: '$word' is not in: $(cat "$work/out" "$work/err")"
}

use_free_ports
start_server
ingress="$MINITOOLSTREAM_INGRESS"
egress="$MINITOOLSTREAM_EGRESS"
unset MINITOOLSTREAM_INGRESS MINITOOLSTREAM_EGRESS

# ---- The life of a context
expect 0 "" context list
expect 0 "added" context add here --ingress "$ingress" --egress "$egress"
expect 1 "already" context add here --ingress "$ingress"
expect 1 "no context 'there'" context use there
expect 2 "it has here" info --context there
expect 0 "$egress" info --context here
expect 0 "in use" context use here
expect 0 "$egress" info
expect 0 "sequence 1" pub greetings hello
expect 0 '"in_use":true' context list -o json
expect 0 "context here" context show

# ---- What counts more
MINITOOLSTREAM_EGRESS=127.0.0.1:1 expect 3 "127.0.0.1:1 " info
MINITOOLSTREAM_EGRESS=127.0.0.1:1 expect 0 "$egress" info --egress "$egress"
MINITOOLSTREAM_EGRESS=127.0.0.1:1 expect 0 "environment MINITOOLSTREAM_EGRESS" context show
expect 0 "added" context add nowhere --egress 127.0.0.1:1
MINITOOLSTREAM_CONTEXT=nowhere expect 3 "127.0.0.1:1 " info
MINITOOLSTREAM_CONTEXT=nowhere expect 0 "$egress" info --context here
expect 0 "added, and in use" context add nowhere --egress 127.0.0.1:1 --replace --use
expect 3 "127.0.0.1:1 " info
expect 0 "removed; no context" context remove nowhere
expect 0 "default" context show

# ---- What may be wrong
expect 2 "setting" context add empty
expect 2 "egress" context add wrong --egress nowhere
expect 2 "name" context add "two words" --egress localhost:1
expect 1 "no context" context remove unknown
printf 'contexts:\n  a:\n    egres: localhost:1\n' >"$file"
expect 2 "contexts.yaml:3: unknown setting 'egres'" info
expect 1 "contexts.yaml:3: unknown setting 'egres'" context add b --egress localhost:1
expect 0 "version" info --egress "$egress" --context ''
printf 'contexts:\n\004\000\377' >"$file"
expect 2 "contexts.yaml:" info
expect 1 "contexts.yaml:" context list
rm "$file"
mkdir "$file"
expect 2 "contexts.yaml" info
rmdir "$file"
XDG_CONFIG_HOME="$work/server.log" expect 1 "server.log" context add b --egress localhost:1

# ---- The configuration of a server: where each value comes from, and what is wrong with it
printf 'max_subjects: 7\ngate:\n  password: very-secret\n' >"$work/server.yaml"
expect 0 "valid" config check -c "$work/server.yaml"
expect 0 "max_subjects .* 7 .*server.yaml:1" config show -c "$work/server.yaml"
expect 0 "gate.password .*(hidden) .*server.yaml:3" config show -c "$work/server.yaml" --changed
! grep -q very-secret "$work/out" || wrong "config show prints a secret"
MINITOOLSTREAM_MAX_SUBJECTS=8 expect 0 "max_subjects .* 8 .*MINITOOLSTREAM_MAX_SUBJECTS" config show -c "$work/server.yaml"
MINITOOLSTREAM_MAX_SUBJECTS=8 expect 0 "max_subjects .* 9 .*--max-subjects" config show -c "$work/server.yaml" --max-subjects 9
expect 0 '"key":"data_dir","value":"./data","from":"default"' config show -o json
expect 0 "tarantool.addresses" config show --process ingress
printf 'max_subjects: 7\nmax_subject: 8\n' >"$work/server.yaml"
expect 2 "server.yaml:2: unknown key 'max_subject'" config check -c "$work/server.yaml"
expect 2 "server.yaml:2: unknown key 'max_subject'" config show -c "$work/server.yaml"
expect 2 "no-such-file" config check -c "$work/no-such-file"
expect 2 "MINITOOLSTREAM_MAX_SUBJECTS\|--max-subjects" config check --max-subjects none

# ---- The manual page
checks=$((checks + 1))
"$MTS_BINARY" man >"$work/minitoolstream.1" || wrong "man"
if command -v groff >/dev/null; then
  warnings="$(groff -man -Tutf8 -K utf8 -ww -rLL=100n "$work/minitoolstream.1" 2>&1 >"$work/page")"
  [[ -z "$warnings" ]] || wrong "groff says of the manual page: $warnings"
  grep -q "context add" "$work/page" || wrong "no 'context add' in the manual page"
else
  echo "SKIPPED: the manual page is not set: no groff"
fi

echo "$checks checks, $failures failed"
((failures == 0))
