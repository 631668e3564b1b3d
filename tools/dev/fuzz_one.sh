# One fuzz target for some seconds, from the kept corpus; what it finds new stays below build/. Arguments: TARGET SECONDS.
target="$1"
seconds="$2"
kept="tests/fuzz/corpus/${target%_fuzz}"
found="build/fuzz/corpus/$target"
log="build/logs/fuzz-$target.log"
mkdir -p "$kept" "$found"
rm -f "build/logs/fuzz-$target.failed"
if "build/fuzz/bin/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
  -artifact_prefix="build/logs/$target-" "$found" "$kept" >"$log" 2>&1; then
  echo "$target: $(grep -o 'stat::number_of_executed_units: *[0-9]*' "$log" | grep -o '[0-9]*$') runs"
else
  touch "build/logs/fuzz-$target.failed"
  echo "$target FAILED; the input lies in build/logs/$target-*"
  tail -n 60 "$log"
  exit 1
fi
