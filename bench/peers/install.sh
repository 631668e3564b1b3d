#!/usr/bin/env bash
# Installs the rivals below PREFIX (build/peers) and builds the clients that drive them; what is already there is kept.
# NATS and the Go client are built with Go, Kafka and its client come with Maven, Redis is Debian's package.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
PREFIX="${PREFIX:-$here/../../build/peers}"
mkdir -p "$PREFIX/bin" "$PREFIX/kafka/classes"

command -v go >/dev/null || { echo "bench/peers: Go 1.26 or newer is needed, see https://go.dev/dl" >&2; exit 1; }

packages=()
command -v redis-server >/dev/null || packages+=(redis-server)
command -v javac >/dev/null || packages+=(openjdk-17-jdk-headless)
command -v mvn >/dev/null || packages+=(maven)
if ((${#packages[@]} > 0)); then
  as_root=()
  ((EUID == 0)) || as_root=(sudo)
  "${as_root[@]}" apt-get update -q
  # RUNLEVEL: Debian's redis-server is not to be started as a service.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends "${packages[@]}"
fi

[[ -x "$PREFIX/bin/nats-server" ]] ||
  GOBIN="$(cd "$PREFIX/bin" && pwd)" go install github.com/nats-io/nats-server/v2@v2.15.1
(cd "$here/gobench" && CGO_ENABLED=0 go build -o "$PREFIX/bin/peerbench" .)

ls "$PREFIX"/kafka/libs/kafka_2.13-*.jar >/dev/null 2>&1 ||
  mvn -q -B -f "$here/kafka/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$PREFIX/kafka/libs"
javac -cp "$PREFIX/kafka/libs/*" -d "$PREFIX/kafka/classes" "$here/kafka/KafkaBench.java"
