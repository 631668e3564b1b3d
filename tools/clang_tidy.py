"""Runs clang-tidy over the project's sources, several at a time, and remembers which were clean.

A source is checked again only when it, a header of ours that it includes (directly or not), its compiler command, .clang-tidy
or clang-tidy itself changed. The memory is a folder of empty files below the user's cache folder.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("src", "tests", "bench")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = pathlib.Path(base) / "minitoolstream-clang-tidy"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Sources:
    """Contents and includes of our own files, each read once."""

    def __init__(self):
        self.texts = {}

    def text(self, path):
        if path not in self.texts:
            self.texts[path] = path.read_bytes()
        return self.texts[path]

    def closure(self, path):
        """The file and every header of ours that it reaches."""
        found, waiting = set(), [path]
        while waiting:
            file = waiting.pop()
            if file in found:
                continue
            found.add(file)
            for name in INCLUDE.findall(self.text(file).decode(errors="replace")):
                for base in (ROOT / "src", ROOT / "proto", ROOT, file.parent):
                    candidate = (base / name.replace(".grpc.pb.h", ".proto").replace(".pb.h", ".proto")).resolve()
                    if candidate.is_file():
                        waiting.append(candidate)
                        break
        return sorted(found)


def wanted(entry):
    """Generated code, and anything outside our folders, is not ours to check."""
    path = pathlib.Path(entry["directory"], entry["file"]).resolve()
    try:
        return path.relative_to(ROOT).parts[0] in FOLDERS
    except ValueError:
        return False


def key(entry, sources, tool):
    digest = hashlib.sha256(tool)
    digest.update(entry["command"].replace(str(ROOT), "").encode())
    for file in sources.closure(pathlib.Path(entry["file"]).resolve()):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + sources.text(file))
    return digest.hexdigest()


def check(entry, build):
    return subprocess.run(["clang-tidy", "--quiet", "-p", str(build), entry["file"]], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help="folder with compile_commands.json")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    build = parser.parse_args().build.resolve()
    jobs = parser.parse_args().jobs
    version = subprocess.run(["clang-tidy", "--version"], stdout=subprocess.PIPE, check=True).stdout
    tool = version + (ROOT / ".clang-tidy").read_bytes()
    sources, cache, waiting = Sources(), cache_folder(), []
    entries = [e for e in json.loads((build / "compile_commands.json").read_text()) if wanted(e)]
    for entry in entries:
        mark = cache / key(entry, sources, tool)
        if not mark.exists():
            waiting.append((entry, mark))
    print(f"{len(entries)} sources, {len(waiting)} to check", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = {pool.submit(check, entry, build): (entry, mark) for entry, mark in waiting}
        for number, run in enumerate(concurrent.futures.as_completed(runs), 1):
            entry, mark = runs[run]
            result = run.result()
            name = os.path.relpath(entry["file"], ROOT)
            print(f"[{number}/{len(waiting)}] {name}", flush=True)
            if result.returncode == 0:
                mark.touch()
            else:
                failed += 1
                print(result.stdout, result.stderr if not result.stdout.strip() else "", flush=True)
    print(f"{failed} of {len(entries)} sources have findings")
    return 1 if failed else 0


sys.exit(main())
