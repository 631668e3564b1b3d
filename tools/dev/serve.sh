# Serving and measuring with the release build.

MTS_BINARY="build/release/bin/minitoolstream"

dev_serve() {
  local data_dir="$MTS_CALLED_FROM/data" flags=()
  while (($# > 0)); do
    case "$1" in
      --data-dir) data_dir="${2:?--data-dir needs a directory}"; shift ;;
      --data-dir=*) data_dir="${1#*=}" ;;
      *) flags+=("$1") ;;
    esac
    shift
  done
  [[ "$data_dir" == /* ]] || data_dir="$MTS_CALLED_FROM/$data_dir"
  dev_build release minitoolstream || return 1
  cat <<TEXT

The server starts in $data_dir. In other terminals:

  alias mts=$MTS_ROOT/$MTS_BINARY
  mts pub greetings "hello"                        # publish a message
  mts pub files --file README.md                   # publish a file, or a folder
  mts fetch greetings --durable me                 # read
  mts sub files --durable copy --output-dir ./copy # receive files as they come
  mts info

Ctrl-C stops it.

TEXT
  exec "$MTS_BINARY" serve --data-dir "$data_dir" "${flags[@]}"
}

dev_bench() {
  if [[ "${1:-}" == peers ]]; then
    shift
    source tools/dev/bench_peers.sh
    dev_bench_peers "$@"
    return
  fi
  dev_build release minitoolstream || return 1
  exec "$MTS_BINARY" bench "$@"
}
