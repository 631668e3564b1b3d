"""Types into an interactive shell on a terminal of its own and waits for what it shows, as someone who presses Tab does.

usage: type_in_shell.py TEXT EXPECTED SHELL [ARGUMENT...]   (in TEXT, \\t is the Tab key)

The shell is ready when it shows the prompt READY>. Exit code 0 once EXPECTED was shown, 1 with what was shown otherwise.
"""

import os
import pty
import re
import select
import signal
import sys
import time

PATIENCE_SECONDS = 20
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x1b\][^\x07]*\x07|[\x07\r]")


def shown(raw):
    """What a person sees of it, more or less: without the control sequences."""
    return CONTROL.sub("", raw.decode(errors="replace"))


def read_until(terminal, text, raw):
    """Reads until `text` is shown; the rest after it, or None when the patience is over."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        at = shown(raw).find(text)
        if at >= 0:
            return shown(raw)[at + len(text):]
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        try:
            raw += os.read(terminal, 4096)
        except OSError:
            return None


def main():
    text, expected, command = sys.argv[1].replace("\\t", "\t"), sys.argv[2], sys.argv[3:]
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm", COLUMNS="200", LINES="50")
        os.execvp(command[0], command)
    raw = bytearray()
    try:
        found = read_until(terminal, "READY>", raw) is not None
        if found:
            raw.clear()
            os.write(terminal, text.encode())
            found = read_until(terminal, expected, raw) is not None
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if found:
        return 0
    print(f"after typing {text!r}, {command[0]} does not show {expected!r} but:\n{shown(raw)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
