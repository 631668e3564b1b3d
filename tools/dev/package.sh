# `./dev package`: the Debian package of the release build, from packaging/debian, in build/package.

# Debian's version is the project's with a revision; the newest entry of the changelog names it.
check_changelog() { # VERSION
  local entry
  entry="$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)" || return 1
  if [[ "${entry%-*}" != "$1" ]]; then
    echo "dev: packaging/debian/changelog begins with $entry, the project is $1: add an entry for $1-1" >&2
    return 1
  fi
}

# What the package is made of, in the folder that dpkg-buildpackage works in.
stage_package() { # FOLDER
  local built="$1/built"
  rm -rf "$1"
  mkdir -p "$built/bash" "$built/zsh" "$built/fish"
  cp -r packaging/debian "$1/debian" &&
    cp "$MTS_BINARY" packaging/minitoolstream.yaml packaging/secrets.env "$built" &&
    cp -r proto/minitoolstream "$built/protos" &&
    "$MTS_BINARY" man >"$built/minitoolstream.1" &&
    "$MTS_BINARY" completion bash >"$built/bash/minitoolstream" &&
    "$MTS_BINARY" completion zsh >"$built/zsh/_minitoolstream" &&
    "$MTS_BINARY" completion fish >"$built/fish/minitoolstream.fish"
}

dev_package() {
  local version folder made
  install_packages "${MTS_PACKAGING_PACKAGES[@]}" && dev_build release minitoolstream || return 1
  version="$("$MTS_BINARY" --version)" && check_changelog "$version" || return 1
  folder="build/package/minitoolstream-$version"
  rm -rf build/package
  stage_package "$folder" || return 1
  (cd "$folder" && dpkg-buildpackage --build=binary --no-sign) || return 1
  made="$(echo build/package/minitoolstream_*.deb)"
  lintian --fail-on error "$made" || return 1
  echo "made: $made; install it with: sudo apt install ./$made"
}
