"""Types at a program that wants a terminal: type_at.py COMMAND TEXT WANTED. Waits for its prompt, types TEXT, and ends with 0
once WANTED is in what it shows, with 1 after 30 s."""
import os
import pty
import select
import signal
import sys
import time

command, text, wanted = sys.argv[1:4]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "-c", "exec " + command])

deadline = time.monotonic() + 30
shown = b""


def show_until(condition):
    global shown
    while not condition():
        if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
            break
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # the program ended
            break
    return condition()


typed_at = 0
found = False
if show_until(lambda: b"> " in shown):
    typed_at = len(shown)
    os.write(terminal, text.encode() + b"\r")
    found = show_until(lambda: wanted.encode() in shown[typed_at:])
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
print(shown.decode(errors="replace"))
sys.exit(0 if found else 1)
