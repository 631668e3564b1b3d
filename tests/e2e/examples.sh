#!/usr/bin/env bash
# The examples in Python, Go and C++ against a real server: all publish, all receive what the others and `minitoolstream pub`
# published, and both sides live through a kill -9 of the server.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
built="$root/build/examples"
for tool in go python3 cmake protoc; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
python3 -c 'import ensurepip' 2>/dev/null || { echo "python3-venv is not installed"; exit 77; }
mkdir -p "$built"

# As the README of the examples says, but built below build/.
VENV="$built/venv" "$root/examples/python/prepare.sh" || fail "examples/python/prepare.sh"
"$root/examples/go/generate.sh" && (cd "$root/examples/go" && go build -o "$built/files-go" .) || fail "the Go example"
cmake --install "$root/build/release" --component protos --prefix "$built/installed" >/dev/null &&
  cmake -S "$root/examples/cpp" -B "$built/cpp" -G Ninja -DCMAKE_PREFIX_PATH="$built/installed" \
    -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache)" >/dev/null &&
  cmake --build "$built/cpp" || fail "the C++ example"

LANGUAGES=(python go cpp)
example() { # LANGUAGE ARGUMENT...
  local language="$1"
  shift
  case "$language" in
    python) "$built/venv/bin/python" "$root/examples/python/files.py" "$@" ;;
    go) "$built/files-go" "$@" ;;
    cpp) "$built/cpp/files" "$@" ;;
  esac
}

mkdir "$work/sent"
for language in "${LANGUAGES[@]}"; do
  head -c 5000000 /dev/urandom >"$work/sent/large from $language, 100%.bin"
  echo "a small one from $language" >"$work/sent/$language.txt"
  echo "after the kill, from $language" >"$work/sent/after-$language.txt"
done
: >"$work/sent/empty"
head -c 3000000 /dev/urandom >"$work/sent/from-the-command-line"
count="$(find "$work/sent" -type f | wc -l)"

use_free_ports
start_server
receivers=()
for language in "${LANGUAGES[@]}"; do
  example "$language" receive files "reader-$language" "$work/received-$language" "$count" >"$work/$language.log" 2>&1 &
  receivers+=($!)
  children+=($!)
  for file in "large from $language, 100%.bin" "$language.txt"; do
    example "$language" publish files "$work/sent/$file" || fail "$language: publish $file"
  done
done
example go publish files "$work/sent/empty" || fail "publishing an empty file"
"$MTS_BINARY" pub files --file "$work/sent/from-the-command-line" >/dev/null || fail "minitoolstream pub"

# The publishers begin while there is no server.
kill_server
publishers=()
for language in "${LANGUAGES[@]}"; do
  example "$language" publish files "$work/sent/after-$language.txt" >"$work/publish-$language.log" 2>&1 &
  publishers+=($!)
  children+=($!)
done
sees_no_server() { grep -q "trying again" "$work/publish-$1.log"; }
for language in "${LANGUAGES[@]}"; do
  wait_until 30 sees_no_server "$language" || fail "$language did not try again: $(cat "$work/publish-$language.log")"
done
start_server
for i in "${!LANGUAGES[@]}"; do
  wait "${publishers[i]}" || fail "${LANGUAGES[i]} did not survive the kill: $(cat "$work/publish-${LANGUAGES[i]}.log")"
done
has_ended() { ! kill -0 "$1" 2>/dev/null; }
for i in "${!LANGUAGES[@]}"; do
  wait_until 60 has_ended "${receivers[i]}" || fail "${LANGUAGES[i]} received only: $(cat "$work/${LANGUAGES[i]}.log")"
  wait "${receivers[i]}" || fail "${LANGUAGES[i]}: $(cat "$work/${LANGUAGES[i]}.log")"
  diff -r "$work/sent" "$work/received-${LANGUAGES[i]}" || fail "${LANGUAGES[i]}: the folders differ"
done
messages="$("$MTS_BINARY" info -o json | grep -o '"messages":[0-9]*')"
[[ "$messages" == "\"messages\":$count" ]] || fail "$count files were published, the server has $messages"
echo "$count files, published and received in ${LANGUAGES[*]}"
