"""Rules of the code that no compiler checks: sizes of files, direction of includes, banned calls, comments of headers.

Prints each finding as FILE:LINE: TEXT and exits with 1 when there is one. A line may be excused with a reason:
`// tidy: allow REASON` at its end.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_FILE_LINES = 600

# What a room may include besides itself; ARCHITECTURE.md draws it. `store` alone is the waist.
ROOMS = {
    "base": (),
    "model": ("base",),
    "io": ("base",),
    "log": ("base", "model", "io", "store"),
    "iproto": ("base", "model"),
    "store": ("base", "model"),
    "store/embedded": ("base", "model", "io", "log", "store"),
    "store/files": ("base", "model", "io", "store"),
    "store/s3": ("base", "model", "io", "store"),
    "store/tarantool": ("base", "model", "iproto", "store"),
    "store/null": ("base", "model", "store"),
    "store/memory": ("base", "model", "store"),
    "maintenance": ("base", "model", "io", "log", "store", "store/files"),
    "broker": ("base", "model", "store"),
    "auth": ("base", "model"),
    "rpc": ("base", "model", "store", "broker", "auth", "minitoolstream"),
    "http": ("base", "model", "broker", "auth"),
    "gate": ("base", "model", "store", "broker", "auth", "iproto"),
    "cli": ("base", "model", "io", "maintenance", "server", "minitoolstream"),
}
# The server wires everything together, so it may include every room but the command line.

DISK = re.compile(r"(?<![\w.>])(?:::)?(?:f?open|creat|pread|pwritev?|f(?:data)?sync|rename|unlink|ftruncate|fallocate)\s*\(")
BANNED = (
    (re.compile(r"\b(?:sprintf|strcpy|strcat|gets|strtok)\s*\("), "an unbounded or stateful C call", ()),
    (re.compile(r"(?<![\w:.])s?rand\s*\("), "rand: take a seeded generator of <random> or absl", ()),
    (re.compile(r"(?<![\w:.>])system\s*\("), "system()", ()),
    (re.compile(r"\.detach\s*\(\)"), "a detached thread: nobody waits for it at the end", ()),
    (re.compile(r"\bstd::(?:recursive_|shared_)?mutex\b"), "std::mutex has no lock annotations: absl::Mutex", ()),
    (re.compile(r"\bstd::regex\b"), "std::regex", ()),
    (re.compile(r"\b(?:sleep_for|SleepFor|usleep|nanosleep)\s*\("), "sleeping: wait for what is awaited", ("cli",)),
    (re.compile(r"\bstd::c(?:out|err)\b|(?<!\w)printf\s*\("), "printing: only the command line prints", ("cli", "server")),
    (re.compile(r"\bstd::[io]?fstream\b|\bstd::filesystem\b"), "the disk is reached through io::FileSystem", ("io", "cli")),
    (re.compile(r"^\s*throw\b"), "an exception", ()),
)
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def room_of(path):
    """The room of a path below src: store/embedded, but plain `store` for the waist's headers."""
    parts = path.split("/")
    if parts[0] == "store" and len(parts) > 2:
        return "store/" + parts[1]
    return parts[0]


def code_of(line):
    """The line without its comment and without what stands in quotes."""
    line = re.sub(r'"(?:\\.|[^"\\])*"', '""', line)
    return line.split("//", 1)[0]


def check_include(room, line):
    match = INCLUDE.match(line)
    if not match or "/" not in match.group(1):
        return None
    target = room_of(match.group(1))
    is_ours = target in ROOMS or target in ("server", "minitoolstream")
    if not is_ours or target == room or (room == "server" and target != "cli") or target in ROOMS.get(room, ()):
        return None
    return f"{room} may not include {match.group(1)}"


def check_code_line(room, line, is_test):
    """Findings of one line of C++ below src."""
    if "// tidy: allow " in line:
        return
    finding = None if is_test else check_include(room, line)
    if finding:
        yield finding
    code = code_of(line)
    for pattern, text, rooms in BANNED:
        if room not in rooms and not is_test and pattern.search(code):
            yield f"banned: {text}"
    if room not in ("io", "cli") and not is_test and DISK.search(code):
        yield "banned: the disk is reached through io::FileSystem"


def check_header(lines):
    if not lines or not lines[0].startswith("//"):
        yield 1, "a header begins with a comment: purpose, threading, errors, limits"
    if "#pragma once" not in lines:
        yield 1, "#pragma once is missing"


def check_file(name, text):
    """All findings of one file as (line number, text)."""
    lines = text.splitlines()
    if len(lines) > MAX_FILE_LINES:
        yield len(lines), f"{len(lines)} lines; at most {MAX_FILE_LINES}"
    if name.startswith("src/") and name.endswith(".h"):
        yield from check_header(lines)
    is_code = name.startswith("src/") and name.endswith((".cc", ".h"))
    is_test = name.endswith(("_test.cc", "_fixture.h", "_testing.h", "_testing.cc"))
    for number, line in enumerate(lines, 1):
        if name != "tools/tidy.py" and name != "tools/tidy_test.py" and UNFINISHED.search(line):
            yield number, "unfinished: file an issue instead"
        if is_code:
            for finding in check_code_line(room_of(name[len("src/"):]), line, is_test):
                yield number, finding


def our_files():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, check=True).stdout.split("\n")
    kinds = (".cc", ".h", ".py", ".sh", ".proto", ".cmake", "CMakeLists.txt", "/dev", ".ci/run")
    return sorted(f for f in listed if f and (f.endswith(kinds) or f == "dev") and (ROOT / f).is_file())


def main():
    found = 0
    files = our_files()
    for name in files:
        for number, finding in check_file(name, (ROOT / name).read_text(errors="replace")):
            print(f"{name}:{number}: {finding}")
            found += 1
    print(f"{len(files)} files, {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
