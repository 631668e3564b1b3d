#!/usr/bin/env bash
# Inside the namespaces that compose.sh made: a dockerd, the images, and the quick start. `type_in` runs a line as the document has it.
set -uo pipefail

fail() {
  echo "FAILED: $*" >&2
  docker-compose ps >&2
  docker-compose logs --tail=40 >&2
  exit 1
}

type_in() { # LINE
  echo "\$ $*"
  bash -c "$*" || fail "$*"
}

wait_until() { # SECONDS COMMAND...
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.2
  done
}

end_dockerd() {
  local code=$?
  docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1
  kill "$dockerd_pid" 2>/dev/null && wait "$dockerd_pid"
  exit "$code"
}

start_dockerd() {
  ip link set lo up
  export DOCKER_HOST="unix://$work/docker.sock" DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
  dockerd --data-root "$work/docker" --exec-root "$work/exec" --pidfile "$work/docker.pid" -H "$DOCKER_HOST" >"$work/dockerd.log" 2>&1 &
  dockerd_pid=$!
  trap end_dockerd EXIT
  if ! wait_until 60 docker info; then
    tail -n 20 "$work/dockerd.log"
    echo "the containers were not tested: dockerd does not start here: $(tail -n 1 "$work/dockerd.log")"
    exit 77
  fi
}

make_images() {
  export BASE_IMAGE=debian-with-tarantool MINIO_IMAGE=minio-of-this-machine
  docker import "$base_image" "$BASE_IMAGE" >/dev/null || fail "docker import"
  docker run --rm "$BASE_IMAGE" true || { echo "the containers were not tested: none can run here"; exit 77; }
  mkdir "$work/minio" && cp --reflink=auto build/tools/minio "$work/minio/"
  docker build -q -f tests/deploy/minio.Dockerfile --build-arg "BASE_IMAGE=$BASE_IMAGE" -t "$MINIO_IMAGE" "$work/minio" || fail "MinIO's image"
}

export QUICKSTART_OBJECTS="$work/objects"

all_healthy() { # all five
  (($(docker ps --filter health=healthy -q | wc -l) == 5))
}

follow_the_log() { # the line of the document goes on until Ctrl-C
  echo "\$ docker-compose logs -f tarantool"
  timeout -s INT 5 docker-compose logs -f tarantool >"$work/log"
  grep -q 'minitoolstream: ready' "$work/log" || fail "docker-compose logs -f tarantool shows no start: $(tail -n 5 "$work/log")"
}

console() { # COMMAND EXPRESSION WANTED: at a terminal, as -it asks for one
  echo "\$ $1"
  python3 ../tests/deploy/type_at.py "$@" || fail "$1: '$2' does not answer '$3'"
}

# What was published before is still there.
expect_kept() {
  wait_until 60 all_healthy || fail "not healthy"
  [[ "$("$program" last kept)" == "$kept_sequence" ]] || fail "last kept: $("$program" last kept)"
  "$program" get kept "$kept_sequence" --output "$work/back" && cmp "$work/back" "$program" || fail "the payload is another one"
  rm -f "$work/back"
}

# The same image as k8s/embedded.yaml runs it.
embedded_shape_works() {
  echo "# the embedded shape"
  docker run -d --name embedded --read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs /tmp \
    -e MINITOOLSTREAM_DATA_DIR=/data/stream -v embedded:/data minitoolstream:latest serve >/dev/null
  wait_until 30 docker exec embedded minitoolstream health localhost:50051 localhost:50052 || fail "docker run: $(docker logs embedded 2>&1)"
  docker exec embedded minitoolstream pub greetings hello || fail "publishing in the embedded shape"
  docker restart embedded >/dev/null
  wait_until 30 docker exec embedded minitoolstream health || fail "docker restart: $(docker logs embedded 2>&1)"
  [[ "$(docker exec embedded minitoolstream last greetings)" == 1 ]] || fail "the message is gone"
  docker rm -f embedded >/dev/null
}

program="$PWD/build/release/bin/minitoolstream"
start_dockerd
make_images

cd quickstart || exit 1
type_in docker-compose up -d
wait_until 120 all_healthy || fail "not healthy after two minutes"
follow_the_log

echo "# gRPC, with a payload that goes to MinIO"
kept_sequence="$("$program" pub kept --file "$program" -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["sequence"])')"
expect_kept
docker-compose exec -T minio ls /data/minitoolstream/mts/data/subject/kept | grep -q . || fail "no object of its own in the bucket"

type_in go run test_new_schema.go
type_in go run test_grpc_functions.go
type_in ./test_persistence_simple.sh
for scenario in ingress egress subscribe; do
  MINIO_ENDPOINT=localhost:9000 type_in go run "scenario_$scenario.go"
done

console "docker exec -it minitoolstream-tarantool tarantoolctl connect /var/run/tarantool/tarantool.sock" \
  "box.info.status" "running"
# What the document says for a pod.
console "docker exec -it minitoolstream-tarantool tarantoolctl connect localhost:3301" "box.cfg.wal_mode" "fsync"

type_in docker-compose restart
expect_kept
type_in docker-compose down
[[ -z "$(docker ps -aq)" ]] || fail "docker-compose down leaves containers"
type_in docker-compose up -d
expect_kept
type_in docker-compose down
embedded_shape_works
for file in namespace configmap statefulset service; do [[ -f "k8s/$file.yaml" ]] || fail "k8s/$file.yaml is not there"; done
