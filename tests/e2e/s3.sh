# Shared by the end-to-end scripts with an object store: a MinIO of their own with its data in $work/minio.

MINIO_BINARY="${MTS_TOOLS:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/tools}/minio"
minio_pid=""
minio_port=""
bucket="minitoolstream"

require_minio() {
  [[ -x "$MINIO_BINARY" ]] || { echo "MinIO is not installed: run tools/install_minio.sh"; exit 77; }
  command -v curl >/dev/null || { echo "curl is not installed"; exit 77; }
}

# For `./dev cluster` with MinIO and Tarantool: `root`, and a free port for each PART in capitals.
require_cluster() { # PART...
  require_minio
  command -v tarantool >/dev/null || { echo "Tarantool is not installed"; exit 77; }
  root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
  [[ -f "$root/build/release/lib/mts.so" ]] || { echo "the module is not built: cmake --build build/release --target mts_tarantool"; exit 77; }
  export MTS_CLUSTER_BUILT=1
  local part
  for part in "$@"; do export "MTS_CLUSTER_${part}_PORT=$(free_port)"; done
}

minio_answers() { [[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$minio_port/minio/health/ready")" == 200 ]]; }

start_minio() {
  [[ -n "$minio_port" ]] || minio_port="$(free_port)"
  MINIO_ROOT_USER=minioadmin MINIO_ROOT_PASSWORD=minioadmin MINIO_BROWSER=off MINIO_UPDATE=off \
    "$MINIO_BINARY" server --quiet --address "127.0.0.1:$minio_port" "$work/minio" >>"$work/minio.log" 2>&1 &
  minio_pid=$!
  children+=("$minio_pid")
  wait_until 30 minio_answers || fail "MinIO is not ready after 30 s: $(tail -n 3 "$work/minio.log")"
  export MINITOOLSTREAM_S3_ENDPOINT="127.0.0.1:$minio_port"
}

kill_minio() {
  kill -9 "$minio_pid"
  wait "$minio_pid" 2>/dev/null
}

s3_request() { # METHOD KEY [CURL_ARGUMENT...]
  local method="$1" key="$2"
  shift 2
  curl -sS --fail --user minioadmin:minioadmin --aws-sigv4 aws:amz:us-east-1:s3 -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
    -X "$method" "http://127.0.0.1:$minio_port/$bucket/$key" "$@"
}

# The keys of all objects below a prefix, one a line.
object_keys() { # [PREFIX]
  [[ -d "$work/minio/$bucket/${1:-}" ]] || return 0
  (cd "$work/minio/$bucket" && find "./${1:-}" -name xl.meta -printf '%h\n' | sed 's|^\./||; s|//|/|g' | sort)
}

count_objects() { object_keys "$@" | wc -l; }
