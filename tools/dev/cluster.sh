# The cluster shape on this machine, without containers: Tarantool, MinIO, ingress, egress, cleaner as processes of the user.
# Data, logs and pid files lie in build/cluster. The variables below are for tests, which need other ports and folders.

MTS_CLUSTER_DIR="${MTS_CLUSTER_DIR:-$MTS_ROOT/build/cluster}"
MTS_CLUSTER_PARTS=(tarantool minio ingress egress cleaner)
declare -A cluster_port=(
  [tarantool]="${MTS_CLUSTER_TARANTOOL_PORT:-3301}"
  [minio]="${MTS_CLUSTER_MINIO_PORT:-9000}"
  [ingress]="${MTS_CLUSTER_INGRESS_PORT:-50051}"
  [egress]="${MTS_CLUSTER_EGRESS_PORT:-50052}"
  [cleaner]="${MTS_CLUSTER_CLEANER_PORT:-50053}"
)
MTS_CLUSTER_PATIENCE="${MTS_CLUSTER_PATIENCE:-60}" # seconds for a part to be ready

cluster_usage() {
  cat <<'TEXT'
./dev cluster COMMAND

  start [PART...]      install what is missing, build, start what does not run yet; returns when all are ready
  status               what runs, and whether it is ready (exit code 0: all of it)
  logs [-f] [PART...]  the end of the logs; -f goes on
  stop [PART...]       end it; what is stored stays
  remove               stop, and remove what is stored

Parts: tarantool minio ingress egress cleaner.
Publish at localhost:50051, read at localhost:50052; Tarantool 3301 (minitoolstream/changeme), MinIO 9000
(minioadmin/minioadmin, bucket minitoolstream). Everything lies in build/cluster.
TEXT
}

cluster_pid() { # PART: the process's id when it runs
  local file="$MTS_CLUSTER_DIR/$1.pid" pid
  pid="$(cat "$file" 2>/dev/null)" || return 1
  # The number may belong to somebody else by now.
  [[ -n "$pid" && "$(readlink "/proc/$pid/cwd" 2>/dev/null)/" == "$MTS_CLUSTER_DIR/$1/"* ]] && echo "$pid"
}

cluster_install() {
  install_for_build && install_packages tarantool curl || return 1
  mkdir -p "$MTS_CLUSTER_DIR"
  bash "$MTS_ROOT/tools/install_minio.sh" >/dev/null
}

# What each part is started with; run in a folder of its own.
cluster_tarantool() {
  export TMPDIR="$PWD/tmp" # the module is copied there
  mkdir -p data tmp
  MTS_LISTEN="127.0.0.1:${cluster_port[tarantool]}" MTS_USER=minitoolstream MTS_PASSWORD=changeme MTS_WORK_DIR="$PWD/data" \
    MTS_CONSOLE_SOCKET="$PWD/console.sock" MTS_MODULE_DIR="$MTS_ROOT/build/release/lib" \
    exec setsid tarantool "$MTS_ROOT/tarantool/init.lua"
}

cluster_minio() {
  local tools="${MTS_TOOLS:-$MTS_ROOT/build/tools}"
  MINIO_ROOT_USER=minioadmin MINIO_ROOT_PASSWORD=minioadmin MINIO_UPDATE=off MINIO_BROWSER=off \
    exec setsid "$tools/minio" server --quiet --address "127.0.0.1:${cluster_port[minio]}" "$PWD/data"
}

cluster_server() { # PART
  local part="$1"
  export MINITOOLSTREAM_TARANTOOL_ADDRESSES="127.0.0.1:${cluster_port[tarantool]}" MINITOOLSTREAM_TARANTOOL_USER=minitoolstream
  export MINITOOLSTREAM_TARANTOOL_PASSWORD=changeme MINITOOLSTREAM_S3_ENDPOINT="127.0.0.1:${cluster_port[minio]}"
  # Readers of the quick start go to the bucket themselves.
  export MINITOOLSTREAM_S3_LAYOUT="${MINITOOLSTREAM_S3_LAYOUT:-plain}"
  exec setsid "$MTS_ROOT/$MTS_BINARY" "$part" "--$part-listen" "0.0.0.0:${cluster_port[$part]}"
}

cluster_launch() { # PART
  local part="$1" folder="$MTS_CLUSTER_DIR/$1"
  mkdir -p "$folder"
  (
    cd "$folder" || exit 1
    exec </dev/null >>"$MTS_CLUSTER_DIR/$part.log" 2>&1
    case "$part" in
      tarantool | minio) "cluster_$part" ;;
      *) cluster_server "$part" ;;
    esac
  ) &
  echo $! >"$MTS_CLUSTER_DIR/$part.pid"
  disown
}

cluster_ready() { # PART
  local port="${cluster_port[$1]}"
  case "$1" in
    tarantool) cluster_tarantool_ready "$port" ;;
    minio) curl -sf -o /dev/null --max-time 3 "http://127.0.0.1:$port/minio/health/ready" ;;
    *) "$MTS_ROOT/$MTS_BINARY" health "127.0.0.1:$port" --timeout 3s >/dev/null 2>&1 ;;
  esac
}

# It answers the functions of the module, as the user of the services.
cluster_tarantool_ready() { # PORT
  local script="local c = require('net.box').connect('minitoolstream:changeme@127.0.0.1:$1', {connect_timeout = 2})
    os.exit(pcall(c.call, c, 'grpc_get_last_sequence', {'ready'}, {timeout = 2}) and 0 or 1)"
  [[ "$(timeout 5 bash -c "head -c 9 </dev/tcp/127.0.0.1/$1" 2>/dev/null)" == Tarantool ]] && tarantool -e "$script" >/dev/null 2>&1
}

cluster_wait() { # PART: until it is ready
  local part="$1" start=$SECONDS
  until cluster_ready "$part"; do
    if ! cluster_pid "$part" >/dev/null; then
      echo "cluster: $part has ended; the end of $MTS_CLUSTER_DIR/$part.log:" >&2
      tail -n 20 "$MTS_CLUSTER_DIR/$part.log" >&2
      return 1
    fi
    if ((SECONDS - start >= MTS_CLUSTER_PATIENCE)); then
      echo "cluster: $part is not ready after $MTS_CLUSTER_PATIENCE s; the end of $MTS_CLUSTER_DIR/$part.log:" >&2
      tail -n 20 "$MTS_CLUSTER_DIR/$part.log" >&2
      return 1
    fi
    sleep 0.1
  done
}

cluster_start() { # [PART...]
  local parts=("$@") part start=$SECONDS
  ((${#parts[@]} > 0)) || parts=("${MTS_CLUSTER_PARTS[@]}")
  if [[ -z "${MTS_CLUSTER_BUILT:-}" ]]; then
    cluster_install || return 1
    build_preset release minitoolstream mts_tarantool || return 1
  fi
  mkdir -p "$MTS_CLUSTER_DIR"
  for part in "${parts[@]}"; do
    if cluster_pid "$part" >/dev/null; then
      echo "$part runs already"
    elif [[ "$(timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/${cluster_port[$part]}" 2>&1)" == "" ]]; then
      echo "cluster: somebody else listens on port ${cluster_port[$part]}, which $part needs" >&2
      return 1
    else
      echo "starting $part; its log: $MTS_CLUSTER_DIR/$part.log"
      cluster_launch "$part"
    fi
  done
  for part in "${parts[@]}"; do
    cluster_wait "$part" || return 1
    printf '%-10s ready on port %s (pid %s)\n' "$part" "${cluster_port[$part]}" "$(cluster_pid "$part")"
  done
  echo "ready after $(elapsed "$start"); data and logs in $MTS_CLUSTER_DIR"
}

cluster_status() {
  local part pid state code=0
  for part in "${MTS_CLUSTER_PARTS[@]}"; do
    if ! pid="$(cluster_pid "$part")"; then
      state="not running" code=1
    elif cluster_ready "$part"; then
      state="ready (pid $pid)"
    else
      state="running, not ready (pid $pid)" code=1
    fi
    printf '%-10s port %-6s %s\n' "$part" "${cluster_port[$part]}" "$state"
  done
  return "$code"
}

cluster_logs() { # [-f] [PART...]
  local follow=() part files=()
  [[ "${1:-}" == -f ]] && follow=(-F) && shift
  for part in "${@:-${MTS_CLUSTER_PARTS[@]}}"; do
    for part in $part; do files+=("$MTS_CLUSTER_DIR/$part.log"); done
  done
  tail -n "${MTS_LOG_LINES:-50}" "${follow[@]}" "${files[@]}"
}

cluster_end() { # PART: SIGTERM, after 15 seconds SIGKILL
  local part="$1" pid start=$SECONDS
  pid="$(cluster_pid "$part")" || return 0
  kill -TERM "$pid"
  while cluster_pid "$part" >/dev/null; do
    if ((SECONDS - start >= 15)); then
      echo "$part does not end; killed" >&2
      kill -KILL "$pid"
      break
    fi
    sleep 0.1
  done
  rm -f "$MTS_CLUSTER_DIR/$part.pid"
  echo "$part stopped"
}

cluster_stop() { # [PART...]: those that others need come last
  local parts=("$@") i
  ((${#parts[@]} > 0)) || parts=("${MTS_CLUSTER_PARTS[@]}")
  for ((i = ${#parts[@]} - 1; i >= 0; --i)); do cluster_end "${parts[i]}"; done
}

cluster_remove() {
  cluster_stop
  rm -rf "${MTS_CLUSTER_DIR:?}"
}

dev_cluster() {
  local command="${1:-help}" part
  shift || true
  case "$command" in
    start | stop)
      for part in "$@"; do
        [[ " ${MTS_CLUSTER_PARTS[*]} " == *" $part "* ]] || { echo "cluster: no part is called '$part'" >&2; return 2; }
      done
      "cluster_$command" "$@"
      ;;
    status | logs | remove) "cluster_$command" "$@" ;;
    help | -h | --help) cluster_usage ;;
    *)
      echo "cluster: unknown command '$command'" >&2
      cluster_usage >&2
      return 2
      ;;
  esac
}
