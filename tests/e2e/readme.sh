#!/usr/bin/env bash
# The sessions that README.md and README.ru.md show, run against a new server each: every command must print what is printed
# there, times and sizes aside.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
mkdir "$work/bin"
ln -s "$MTS_BINARY" "$work/bin/mts"
export PATH="$work/bin:$PATH"
use_free_ports
for page in README.md README.ru.md; do
  mkdir "$work/clone"
  cp -r "$root/LICENSE" "$root/proto" "$work/clone/"
  start_server
  python3 "$(dirname "${BASH_SOURCE[0]}")/replay_session.py" "$root/$page" "$work/clone" || fail "$page shows something else"
  kill_server
  rm -rf "$work/data" "$work/clone"
done
