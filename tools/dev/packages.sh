# Debian's packages that the project needs; installed only where they are missing.

MTS_BUILD_PACKAGES=(
  g++ cmake ninja-build ccache lld pkg-config
  protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libgrpc++-dev libabsl-dev
  libgtest-dev libgmock-dev libbenchmark-dev libisal-dev libssl-dev libcurl4-openssl-dev
  libspdlog-dev libyaml-cpp-dev libcli11-dev libpugixml-dev libmsgpack-cxx-dev
  tarantool-dev
)
MTS_TEST_PACKAGES=(clang clang-tidy clang-format libclang-rt-14-dev llvm python3 python3-venv tarantool curl zsh fish groff-base)
# For the containers: docker-compose with the hyphen is Debian's own package.
MTS_DEPLOY_PACKAGES=(docker.io docker-compose debootstrap iptables iproute2)
# To make the Debian package, and to boot the throw-away machine that tests/deploy/package.sh installs it on.
MTS_PACKAGING_PACKAGES=(dpkg-dev debhelper lintian)
MTS_MACHINE_PACKAGES=(systemd systemd-container procps)

missing_packages() {
  local name
  for name in "$@"; do
    if [[ "$(dpkg-query -W -f='${Status}' "$name" 2>/dev/null)" != *" installed" ]]; then
      echo "$name"
    fi
  done
}

install_packages() {
  local missing as_root=()
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]} == 0)) && return 0
  if ! command -v apt-get >/dev/null; then
    echo "dev: needs Debian 12's apt-get to install: ${missing[*]}" >&2
    return 1
  fi
  ((EUID == 0)) || as_root=(sudo)
  echo "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

install_for_build() { install_packages "${MTS_BUILD_PACKAGES[@]}"; }
install_for_test() { install_packages "${MTS_BUILD_PACKAGES[@]}" "${MTS_TEST_PACKAGES[@]}"; }
