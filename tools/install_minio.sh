#!/usr/bin/env bash
# Builds the MinIO server that the tests and the local cluster use, once: build/tools/minio. Needs Go; takes a few minutes.
# MTS_TOOLS says another folder; it is shared by all build directories.
set -euo pipefail
MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=${MTS_TOOLS:-$root/build/tools}
mkdir -p "$tools"
exec 9>"$tools/minio.lock"
flock 9  # two that install at once: the second finds it done
if [[ -x $tools/minio && $(cat "$tools/minio.version" 2>/dev/null) == "$MINIO_VERSION" ]]; then
  echo "$tools/minio"
  exit 0
fi
command -v go >/dev/null || { echo "install_minio: needs Go" >&2; exit 1; }
# One package at a time and at the lowest priority: other things are built meanwhile.
GOBIN=$tools GOFLAGS="${GOFLAGS:-} -p=${MTS_GO_JOBS:-1} -trimpath" GOTOOLCHAIN=local CGO_ENABLED=0 \
  nice -n 19 go install -ldflags='-s -w' "github.com/minio/minio@$MINIO_VERSION" >&2
echo "$MINIO_VERSION" >"$tools/minio.version"
echo "$tools/minio"
