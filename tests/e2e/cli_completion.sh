#!/usr/bin/env bash
# Completion in real shells: bash and zsh are typed into on a terminal, fish is asked by its own `complete -C`. Commands, flags,
# choices, file names, contexts, and the subjects of a running server.
set -u
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
checks=0
failures=0
skipped=()
export XDG_CONFIG_HOME="$work/config" HOME="$work" PATH="$work/bin:$PATH"
mkdir -p "$work/bin" "$work/here/some-folder"
ln -s "$MTS_BINARY" "$work/bin/minitoolstream"
touch "$work/here/some-file"
cd "$work/here" || fail "no folder"

use_free_ports
start_server
minitoolstream pub orders.eu 1 >/dev/null || fail "cannot publish"
minitoolstream pub 'odd:name=x' 1 >/dev/null || fail "cannot publish"
minitoolstream context add production --ingress stream.example:50051 >/dev/null || fail "cannot add a context"

expect() { # TEXT EXPECTED SHELL...: typing TEXT shows EXPECTED
  checks=$((checks + 1))
  python3 "$here/type_in_shell.py" "$@" || failures=$((failures + 1))
}

# ---- Where a bash or zsh completes a word, it shows the rest of it after what was typed.
cases() { # SHELL...
  expect 'minitoolstream subj\t' 'minitoolstream subjects ' "$@"
  expect 'minitoolstream pub a --message\t' '--message-id ' "$@"
  expect 'minitoolstream info -o j\t' '-o json ' "$@"
  expect 'minitoolstream info --format=j\t' '--format=json ' "$@"
  expect 'minitoolstream pub a --file some-fi\t' '--file some-file ' "$@"
  expect 'minitoolstream sub a --output-dir some-\t' '--output-dir some-folder/' "$@"
  expect 'minitoolstream info --context prod\t' '--context production ' "$@"
  expect 'minitoolstream context us\t' 'context use ' "$@"
  expect 'minitoolstream sub orders.\t' 'sub orders.eu ' "$@"
  expect 'minitoolstream serve --durability int\t' '--durability interval ' "$@"
  expect 'minitoolstream bench download --subj\t' '--subject' "$@"
}

cat >"$work/bashrc" <<'RC'
source <(minitoolstream completion bash)
PS1='READY>'
bind 'set enable-bracketed-paste off'
RC
cases bash --noprofile --rcfile "$work/bashrc" -i
expect 'minitoolstream sub odd:na\t' 'sub odd:name' bash --noprofile --rcfile "$work/bashrc" -i

if command -v zsh >/dev/null; then
  mkdir "$work/zsh"
  cat >"$work/zsh/.zshrc" <<'RC'
autoload -Uz compinit
compinit -u -d "$ZDOTDIR/dump"
source <(minitoolstream completion zsh)
unsetopt zle_bracketed_paste prompt_cr prompt_sp
PS1='READY>'
RC
  export ZDOTDIR="$work/zsh"
  cases zsh -d -i
  expect 'minitoolstream sub odd:na\t' 'sub odd:name' zsh -d -i
else
  skipped+=(zsh)
fi

# ---- fish says what it would offer.
fish_offers() { # LINE EXPECTED
  checks=$((checks + 1))
  local offered
  offered="$(fish --no-config -c 'minitoolstream completion fish | source; complete -C "$argv[1]"' -- "$1" 2>&1 | cut -f 1)"
  grep -qxF -- "$2" <<<"$offered" && return
  echo "fish does not offer '$2' for '$1' but: $offered" >&2
  failures=$((failures + 1))
}
if command -v fish >/dev/null; then
  fish_offers 'minitoolstream subj' subjects
  fish_offers 'minitoolstream pub a --message' --message-id
  fish_offers 'minitoolstream info -o j' json
  fish_offers 'minitoolstream info --format=j' --format=json
  fish_offers 'minitoolstream pub a --file some-fi' some-file
  fish_offers 'minitoolstream pub a --file=some-fi' --file=some-file
  fish_offers 'minitoolstream sub a --output-dir some-' some-folder/
  fish_offers 'minitoolstream info --context prod' production
  fish_offers 'minitoolstream sub orders.' orders.eu
  fish_offers 'minitoolstream sub odd:na' odd:name=x
else
  skipped+=(fish)
fi

# ---- Every command and every flag that --help shows is offered, so nothing can be forgotten.
words_of() { minitoolstream __complete "$@" | tail -n +2 | cut -f 1; }
walk() { # COMMAND WORDS...
  local command flag
  for flag in $(minitoolstream "$@" --help | grep -oE '^  (-[a-zA-Z], )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+'); do
    checks=$((checks + 1))
    words_of "$@" "$flag" | grep -qxF -- "$flag" || { echo "$* $flag is not completed" >&2; failures=$((failures + 1)); }
  done
  for command in $(minitoolstream "$@" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
    checks=$((checks + 1))
    words_of "$@" "$command" | grep -qxF -- "$command" || { echo "$* $command is not completed" >&2; failures=$((failures + 1)); }
    walk "$@" "$command"
  done
}
walk

# ---- No server: completion is quick and says nothing.
kill_server
checks=$((checks + 1))
[[ "$(timeout 5 minitoolstream __complete sub or 2>&1)" == words ]] || { echo "completion without a server" >&2; failures=$((failures + 1)); }

for shell in "${skipped[@]}"; do echo "SKIPPED: $shell is not installed"; done
echo "$checks checks, $failures failed"
((failures == 0))
