#!/usr/bin/env bash
# Runs the client checks (Go, Python, Node) against a server that listens at ADDRESS: run.sh HOST:PORT [go|python|node]...
# The clients are installed below build/clients of the repository (MTS_CLIENTS_DIR) and kept there. Exits with 1 when any
# answer differs from expectations.json.
set -uo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
installed="${MTS_CLIENTS_DIR:-$here/../../build/clients}"
address="${1:?run.sh HOST:PORT [go|python|node]...}"
shift
host="${address%:*}"
port="${address##*:}"
languages=("$@")
((${#languages[@]} > 0)) || languages=(go python node)

check_go() {
  (cd "$here/go" && go build -o "$installed/go-check" .) && "$installed/go-check" "$address" "$here/expectations.json"
}

check_python() {
  local venv="$installed/venv" wanted="$here/python/requirements.txt" failed=0 client
  if ! cmp -s "$wanted" "$venv/installed.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv" && "$venv/bin/pip" install --quiet -r "$wanted" && cp "$wanted" "$venv/installed.txt" || return 1
  fi
  for client in tarantool asynctnt; do
    "$venv/bin/python" "$here/python/check.py" "$client" "$host" "$port" || failed=1
  done
  return "$failed"
}

check_node() {
  local folder="$installed/node"
  if ! cmp -s "$here/node/package.json" "$folder/installed.json"; then
    rm -rf "$folder"
    mkdir -p "$folder" && cp "$here/node/package.json" "$folder/" && (cd "$folder" && npm install --silent --no-audit --no-fund) &&
      cp "$here/node/package.json" "$folder/installed.json" || return 1
  fi
  NODE_CLIENTS="$folder" node "$here/node/check.js" "$host" "$port" "$here/expectations.json"
}

mkdir -p "$installed" || exit 1
failed=0
for language in "${languages[@]}"; do
  "check_$language" || {
    echo "clients: $language failed" >&2
    failed=1
  }
done
exit "$failed"
