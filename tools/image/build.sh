#!/usr/bin/env bash
# The first stage of the Dockerfile: leaves /image/minitoolstream and /image/tarantool, the files of the two images, and
# /image/data. What build/image has is taken; otherwise everything is compiled here.
set -euo pipefail

if [[ -d build/image ]]; then
  cp -a build/image /image
else
  source tools/dev/packages.sh
  install_packages "${MTS_BUILD_PACKAGES[@]}" binutils ca-certificates
  cmake --preset release
  cmake --build build/release --target minitoolstream mts_tarantool
  bash tools/image/prepare.sh build/release /image
fi
install -d -m 0750 /image/data
