#!/usr/bin/env bash
# Makes the folder `venv` beside this file, with what files.py needs and the contract compiled into it. What is there is kept.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
protos="$here/../../proto"
venv="${VENV:-$here/venv}"

if ! cmp -s "$here/requirements.txt" "$venv/installed.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/installed.txt"
fi
packages="$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')"
"$venv/bin/python" -m grpc_tools.protoc -I "$protos" --python_out="$packages" --grpc_python_out="$packages" \
  minitoolstream/ingress.proto minitoolstream/egress.proto
