# What the benches of the stored functions share; sourced by bench/gate/run.sh and bench/tarantool/run.sh. The caller has set
# `work`, a folder of its own, and puts what it starts into `pids`.
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

rounds="${ROUNDS:-3}" seconds="${SECONDS_EACH:-4}"
pids=()

end() {
  kill -9 "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap end EXIT

wait_for() { # PORT
  local i
  for ((i = 0; i < 300; i++)); do
    [[ "$(timeout 1 bash -c "head -c 9 </dev/tcp/127.0.0.1/$1" 2>/dev/null)" == Tarantool ]] && return
    sleep 0.1
  done
  echo "nothing answers on port $1" >&2
  return 1
}

# The quick start's functions in plain Lua, in a Tarantool with wal_mode=fsync.
start_plain_tarantool() { # NAME PORT
  mkdir "$work/$1"
  MTS_LISTEN="127.0.0.1:$2" MTS_DIR="$work/$1" tarantool tarantool.lua >"$work/$1.log" 2>&1 &
  pids+=($!)
}

measure() { # NAME PORT [FLAG...]
  "$work/bench" -name "$1" -address "127.0.0.1:$2" -seconds "$seconds" "${@:3}"
}

# Runs `round` ROUNDS times; the lines go to $work/lines, and to FILE when one is named.
measure_rounds() { # [FILE]
  local number
  for ((number = 0; number < rounds; number++)); do round; done | tee "$work/lines" >&2
  [[ -z "$1" ]] || cat "$work/lines" >>"$1"
}

go build -o "$work/bench" .
