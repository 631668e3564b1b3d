# Steps with progress, a log each, and one closing line. A step is a shell function; what it prints goes to build/logs.
# A step may call `count PASSED FAILED SKIPPED` to report the tests it ran; one that does not counts as one test.

MTS_LOGS="$MTS_ROOT/build/logs"
steps_passed=0
steps_failed=0
steps_skipped=0
steps_failed_names=()
steps_skipped_names=()
step_names=()
step_functions=()
step_pid=""

plan_step() { # NAME FUNCTION [ARGUMENT...]
  step_names+=("$1")
  shift
  step_functions+=("$*")
}

count() {
  echo "$1 $2 $3" >>"$MTS_COUNTS"
}

# Ends the step at once and counts it as skipped, with the reason in the summary.
skip_step() {
  echo "SKIPPED: $*"
  echo "$*" >"$MTS_COUNTS.skip"
  exit 0
}

elapsed() { # since a $SECONDS value
  local passed=$((SECONDS - $1))
  printf '%d:%02d' $((passed / 60)) $((passed % 60))
}

stop_step() {
  if [[ -n "$step_pid" ]]; then
    kill -TERM -- "-$step_pid" 2>/dev/null
  fi
  exit 130
}

show_progress() { # LABEL LOG START: until the step ends
  local label="$1" log="$2" start="$3" beat=$((SECONDS + 60))
  while kill -0 "$step_pid" 2>/dev/null; do
    if [[ -t 1 ]]; then
      printf '\r\033[K%s  %s  %s' "$label" "$(elapsed "$start")" "$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c 1-70)"
      sleep 1
    else
      if ((SECONDS >= beat)); then
        printf '%s  %s  %s\n' "$label" "$(elapsed "$start")" "$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c 1-70)"
        beat=$((SECONDS + 60))
      fi
      sleep 0.2
    fi
  done
  [[ -t 1 ]] && printf '\r\033[K'
}

add_counts() { # EXIT_CODE
  local code="$1" passed=0 failed=0 skipped=0 p f s
  if [[ -f "$MTS_COUNTS" ]]; then
    while read -r p f s; do
      passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    done <"$MTS_COUNTS"
  elif [[ -f "$MTS_COUNTS.skip" ]]; then
    skipped=1
  elif ((code == 0)); then
    passed=1
  fi
  if ((code != 0 && failed == 0)); then
    failed=1
  fi
  steps_passed=$((steps_passed + passed))
  steps_failed=$((steps_failed + failed))
  steps_skipped=$((steps_skipped + skipped))
  step_summary="$passed passed"
  ((failed > 0)) && step_summary+=", $failed failed"
  ((skipped > 0)) && step_summary+=", $skipped skipped"
  return $((failed > 0))
}

run_step() { # NUMBER TOTAL NAME FUNCTION...
  local number="$1" total="$2" name="$3" start=$SECONDS code=0
  shift 3
  local log label="step $number of $total: $name"
  log="$MTS_LOGS/$(printf '%02d' "$number")-${name//[^a-zA-Z0-9]/-}.log"
  export MTS_COUNTS="$MTS_LOGS/.counts"
  rm -f "$MTS_COUNTS" "$MTS_COUNTS.skip"
  [[ -t 1 ]] || echo "$label ..."
  set -m
  ("$@") >"$log" 2>&1 </dev/null &
  step_pid=$!
  set +m
  show_progress "$label" "$log" "$start"
  wait "$step_pid" || code=$?
  step_pid=""
  if add_counts "$code"; then
    if [[ -f "$MTS_COUNTS.skip" ]]; then
      echo "$label  $(elapsed "$start")  SKIPPED: $(cat "$MTS_COUNTS.skip")"
      steps_skipped_names+=("$name: $(cat "$MTS_COUNTS.skip")")
    else
      echo "$label  $(elapsed "$start")  $step_summary"
    fi
    return 0
  fi
  echo "$label  $(elapsed "$start")  FAILED ($step_summary); the end of ${log#"$MTS_ROOT"/}:"
  tail -n "${MTS_LOG_LINES:-120}" "$log" | sed 's/^/    /'
  steps_failed_names+=("$name")
  return 1
}

# Runs what was planned. A failed build does not stop the steps that do not need it; each says itself what it needs.
run_plan() { # [WORD]: only steps whose name contains it
  local only="${1:-}" total=0 number=0 start=$SECONDS i
  mkdir -p "$MTS_LOGS"
  trap stop_step INT TERM
  for i in "${!step_names[@]}"; do
    [[ "${step_names[$i]}" == *"$only"* ]] && total=$((total + 1))
  done
  for i in "${!step_names[@]}"; do
    [[ "${step_names[$i]}" == *"$only"* ]] || continue
    number=$((number + 1))
    # shellcheck disable=SC2086
    run_step "$number" "$total" "${step_names[$i]}" ${step_functions[$i]}
  done
  trap - INT TERM
  echo
  echo "$total steps in $(elapsed "$start")"
  for i in "${steps_skipped_names[@]}"; do echo "skipped: $i"; done
  for i in "${steps_failed_names[@]}"; do echo "failed: $i"; done
}

closing_line() {
  local line="$steps_passed passed, $steps_failed failed"
  ((steps_skipped > 0)) && line+=", $steps_skipped skipped"
  echo "$line"
  ((steps_failed == 0 && steps_passed > 0))
}
