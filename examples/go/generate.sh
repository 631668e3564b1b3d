#!/usr/bin/env bash
# Compiles the contract into the package `pb` beside this file. Needs go and protoc (Debian: protobuf-compiler); the plugins
# are built in the versions that go.mod pins.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$here"
plugins="$(mktemp -d)"
trap 'rm -rf "$plugins"' EXIT
go build -o "$plugins/" google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc
rm -rf pb
PATH="$plugins:$PATH" protoc -I ../../proto --go_out=. --go-grpc_out=. --go_opt=module=minitoolstream --go-grpc_opt=module=minitoolstream \
  minitoolstream/ingress.proto minitoolstream/egress.proto
