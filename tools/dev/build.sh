# Configuring and building the presets of CMakePresets.json.

# ccache answers for a clone in another folder too.
export CCACHE_BASEDIR="$MTS_ROOT"
export CCACHE_NOHASHDIR=1
export CCACHE_SLOPPINESS="pch_defines,time_macros"

configure_preset() { # PRESET
  [[ -f "build/$1/build.ninja" ]] || cmake --preset "$1"
}

build_preset() { # PRESET [TARGET...]
  local preset="$1"
  shift
  configure_preset "$preset" || return 1
  if (($# == 0)); then
    cmake --build "build/$preset"
  else
    cmake --build "build/$preset" --target "$@"
  fi
}

dev_build() {
  local preset="${1:-release}"
  shift || true
  local targets=("$@")
  if ((${#targets[@]} == 0)) && [[ "$preset" == release ]]; then
    targets=(minitoolstream)
  fi
  install_for_build || return 1
  if [[ "$preset" == clang || "$preset" == fuzz ]]; then
    install_for_test || return 1
  fi
  build_preset "$preset" "${targets[@]}" || return 1
  if [[ "$preset" == release ]]; then
    echo "built: build/release/bin/minitoolstream"
  fi
}
