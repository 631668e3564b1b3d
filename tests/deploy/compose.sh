#!/usr/bin/env bash
# The quick start in containers: builds the images, starts docker-compose.yml and types what the document says, word by word.
#
# Nothing comes from a registry of images and nothing of this machine's Docker is touched: a dockerd of its own runs in namespaces
# of its own, with the base image made of Debian's packages (kept for the next time), and with what is built in build/release and
# build/tools. Ends with 77 where that cannot be.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source tools/dev/packages.sh

skip() {
  echo "the containers were not tested: $*"
  exit 77
}

((EUID == 0)) || skip "only root may start a dockerd"
unshare --net --mount --pid --fork true || skip "no namespaces can be made here"
command -v go >/dev/null || skip "the quick start's programs need Go, which is not installed"
[[ -x build/tools/minio ]] || skip "MinIO is not in build/tools"
install_packages "${MTS_DEPLOY_PACKAGES[@]}" || skip "Docker cannot be installed"

kept="${XDG_CACHE_HOME:-$HOME/.cache}/minitoolstream/images"
work="$(mktemp -d "${TMPDIR:-/tmp}/mts-compose-XXXXXX")"
trap 'rm -rf "$work" build/image' EXIT
export work kept

# Debian with Tarantool; a change of the packages makes another file.
base_packages=tarantool,libabsl20220623
export base_image="$kept/bookworm-$base_packages.tar"
make_base_image() {
  [[ -f "$base_image" ]] && return
  mkdir -p "$kept"
  debootstrap --variant=minbase --include="$base_packages" bookworm "$work/base" >"$work/debootstrap.log" 2>&1 ||
    skip "Debian's packages cannot be had: $(tail -n 1 "$work/debootstrap.log")"
  rm -rf "$work"/base/var/cache/apt/* "$work"/base/var/lib/apt/lists/*
  tar -C "$work/base" -cf "$base_image.part" . && mv "$base_image.part" "$base_image"
}

# No network in there, so Go must have everything.
warm_up_go() {
  (cd quickstart && for program in *.go; do go build -o /dev/null "$program" || return 1; done)
}

set -e
make_base_image
warm_up_go
bash tools/image/prepare.sh build/release build/image
set +e
unshare --net --mount --pid --fork --kill-child --mount-proc bash tests/deploy/quick_start.sh
