# What `./dev test` runs. Presets: release for behaviour, asan-ubsan for memory, fuzz for the decoders (by Clang, which also
# checks the lock annotations of what they use); with --full also replica sets, whose leaders die for minutes, tsan for races below
# the doors, clang and clang-tidy for everything.

MTS_JOBS="$(nproc)"

step_packages() { install_for_test; }

# Real S3 servers for tests/s3, kept in the user's cache folder so that every clone finds them. MinIO is built with Go.
step_servers() {
  local kept="${XDG_CACHE_HOME:-$HOME/.cache}/minitoolstream/tools"
  mkdir -p "$kept" build
  [[ -e build/tools ]] || ln -s "$kept" build/tools
  bash tools/install_seaweedfs.sh || return 1
  command -v go >/dev/null || skip_step "MinIO needs Go, which is not installed; its tests will be skipped"
  MTS_GO_JOBS="$MTS_JOBS" bash tools/install_minio.sh
}

step_rules() {
  python3 tools/tidy_test.py && python3 tools/tidy.py
}

step_format() { check_format; }

step_build() { build_preset "$@"; }

# Runs ctest in a preset's folder and counts every GoogleTest case.
step_ctest() { # PRESET [CTEST_FLAG...]
  local preset="$1" results="$MTS_LOGS/results-$1" code=0
  shift
  rm -rf "$results"
  mkdir -p "$results"
  GTEST_OUTPUT="xml:$results/" ctest --test-dir "build/$preset" --output-on-failure -j "$MTS_JOBS" \
    --output-junit "$results/ctest.junit" --no-tests=error "$@" || code=$?
  # shellcheck disable=SC2046
  count $(python3 tools/dev/count_tests.py "$results") || return 1
  return "$code"
}

# Replica sets, whose leaders die for minutes, are for --full.
step_release() {
  if ((MTS_FULL)); then step_ctest release; else step_ctest release -E tarantool_store_failover_test; fi
}

# Sanitizers are slow; the number of power cuts is kept for the release build.
step_sanitized() { # PRESET [CTEST_FLAG...]
  MTS_SIM_CUTS="$((MTS_FULL ? 500 : 50))" step_ctest "$@" -E sync_mutation_test
}

step_crash() { # ROUNDS
  local seed="${MTS_SEED:-$RANDOM$RANDOM}"
  build/release/bin/crash_loop --server "$PWD/$MTS_BINARY" --rounds "$1" --seed "$seed"
}

step_script() { # SCRIPT [ARGUMENT...]: exit code 77 means skipped, for the reason that it says last
  local output="$MTS_LOGS/.script" code
  MTS_BINARY="$PWD/$MTS_BINARY" bash "$@" 2>&1 | tee "$output"
  code="${PIPESTATUS[0]}"
  ((code == 77)) && skip_step "$(tail -n 1 "$output")"
  return "$code"
}

step_package() {
  source tools/dev/package.sh
  install_packages "${MTS_MACHINE_PACKAGES[@]}" && dev_package && step_script tests/deploy/package.sh
}

step_fuzz() { # SECONDS: each target, as many at a time as there are cores
  local seconds="$1" target targets=()
  mapfile -t targets < <(fuzz_targets)
  ((${#targets[@]} > 0)) || { echo "no fuzz targets were built"; return 1; }
  printf '%s\n' "${targets[@]}" | xargs -P "$MTS_JOBS" -I{} bash -c 'source tools/dev/fuzz_one.sh "$1" "$2"' _ {} "$seconds"
  local code=$? passed=0 failed=0
  for target in "${targets[@]}"; do
    if [[ -e "$MTS_LOGS/fuzz-$target.failed" ]]; then failed=$((failed + 1)); else passed=$((passed + 1)); fi
  done
  count "$passed" "$failed" 0
  return "$code"
}

fuzz_targets() {
  local source name
  for source in tests/fuzz/*_fuzz.cc; do
    name="$(basename "$source" .cc)"
    [[ -x "build/fuzz/bin/$name" ]] && echo "$name"
  done
}

plan_tests() { # FULL (0 or 1)
  local full="$1" script
  local crash_rounds=20 fuzz_seconds=15
  export MTS_FULL="$full"
  if ((full)); then
    crash_rounds=200 fuzz_seconds=180
    export MTS_SIM_CUTS="${MTS_SIM_CUTS:-5000}" MTS_CLUSTER_ROUNDS="${MTS_CLUSTER_ROUNDS:-20}"
  fi
  plan_step "packages" step_packages
  plan_step "rules" step_rules
  plan_step "format" step_format
  plan_step "test servers" step_servers
  plan_step "build release" step_build release
  plan_step "tests release" step_release
  plan_step "kill -9 loop, $crash_rounds rounds" step_crash "$crash_rounds"
  for script in tests/e2e/*.sh; do
    [[ "$script" == */common.sh || "$script" == */s3.sh ]] || plan_step "e2e $(basename "$script" .sh)" step_script "$script"
  done
  plan_step "kubernetes manifests" step_script tests/deploy/manifests.sh
  plan_step "quick start in containers" step_script tests/deploy/compose.sh
  plan_step "package" step_package
  plan_step "build asan-ubsan" step_build asan-ubsan
  plan_step "tests asan-ubsan" step_sanitized asan-ubsan
  if ((full)); then
    plan_step "replica set" step_script tests/tarantool/replica_set.sh
    plan_step "build tsan" step_build tsan below_doors
    plan_step "tests tsan" step_sanitized tsan -L below_doors
    plan_step "build clang, thread safety" step_build clang
    plan_step "clang-tidy" run_clang_tidy
  fi
  plan_step "build fuzz" step_build fuzz fuzzers
  plan_step "fuzz, $fuzz_seconds s each" step_fuzz "$fuzz_seconds"
}

dev_test() {
  local full=0 only=""
  while (($# > 0)); do
    case "$1" in
      --full) full=1 ;;
      --only) only="${2:?--only needs a word}"; shift ;;
      *) echo "dev test: unknown argument '$1'" >&2; return 2 ;;
    esac
    shift
  done
  plan_tests "$full"
  run_plan "$only"
  closing_line
}

dev_fuzz() {
  local seconds="${1:-60}" target failed=0
  shift || true
  install_for_test && build_preset fuzz fuzzers || return 1
  mkdir -p "$MTS_LOGS"
  for target in "${@:-$(fuzz_targets)}"; do
    for target in $target; do
      (source tools/dev/fuzz_one.sh "$target" "$seconds") || failed=1
    done
  done
  return "$failed"
}
