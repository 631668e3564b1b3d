#!/usr/bin/env bash
# Makes pb/ from the wire contract; needs protoc. The result is committed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export GOBIN="$PWD/../build/tools/bin"
go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.6
go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.5.1
PATH="$GOBIN:$PATH" protoc -I ../proto --go_out=. --go-grpc_out=. \
  --go_opt=module=minitoolstream --go-grpc_opt=module=minitoolstream \
  minitoolstream/ingress.proto minitoolstream/egress.proto minitoolstream/admin.proto
