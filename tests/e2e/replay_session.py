"""Runs the commands of a page's ```console blocks, in order, and compares what they print with what the page shows.

usage: replay_session.py PAGE FOLDER

A command is a line that begins with `$ `; the lines up to the next one are its output. Times and sizes from 1 KiB on are not compared.
The commands run in FOLDER in one shell, which knows `mts`; the line that defines this alias is passed over.
"""
import difflib
import re
import subprocess
import sys

UNCOMPARED = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r"\b\d\d:\d\d\b"), "<duration>"),
    (re.compile(r"\d+(\.\d+)? [KMG]iB"), "<size>"),
)
MARK = "--- end of command"


def commands_of(page):
    """Pairs of a command and the output that the page shows."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.strip() and found:
                found[-1][1].append(line)
    return found


def normal(lines):
    result = []
    for line in lines:
        for pattern, placeholder in UNCOMPARED:
            line = pattern.sub(placeholder, line)
        if line.strip():
            result.append(re.sub(r" +", " ", line.rstrip()))
    return result


def main():
    page, folder = sys.argv[1:]
    with open(page, encoding="utf-8") as file:
        commands = [pair for pair in commands_of(file.read()) if not pair[0].startswith("alias ")]
    script = "\n".join(f"{command}\necho '{MARK}'" for command, _ in commands)
    done = subprocess.run(["bash"], input=script, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120, check=False)
    outputs = done.stdout.split(MARK + "\n")
    failed = 0
    for (command, shown), output in zip(commands, outputs, strict=False):
        difference = list(difflib.unified_diff(normal(shown), normal(output.splitlines()), "shown", "printed", lineterm=""))
        if difference:
            failed += 1
            print(f"$ {command}", *difference, sep="\n")
    print(f"{page}: {len(commands)} commands, {failed} differ")
    return 1 if failed or not commands or len(outputs) <= len(commands) - 1 else 0


if __name__ == "__main__":
    sys.exit(main())
