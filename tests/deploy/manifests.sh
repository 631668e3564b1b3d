#!/usr/bin/env bash
# Every Kubernetes manifest, read strictly as the API's own types; and whether they fit together.
set -uo pipefail

command -v go >/dev/null || { echo "go is not installed"; exit 77; }
cd "$(dirname "${BASH_SOURCE[0]}")/manifests" || exit 1
go vet ./... && go test -count=1 -v ./... | grep -v '^=== RUN'
