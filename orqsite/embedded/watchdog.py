"""Ends the processes we started when we die without a chance to do it ourselves.

The watchdog is a tiny process that reads one pipe and holds the list of our children. While we live the pipe
is open; when we are gone, however we went (kill -9, out of memory, a crash), the pipe ends, and the watchdog
ends every family still on its list. Linux has PR_SET_PDEATHSIG for this, but that reaches only the direct
child (not a web server's workers), follows the thread that forked instead of the process, and needs code
between fork and exec; a pipe has none of these traps and works on macOS too.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import IO

GRACE_SECONDS = 5.0

_lock = threading.Lock()
_pipe: IO[bytes] | None = None


def guarded(command: Sequence[str]) -> list[str]:
    """The command, begun by a shell that puts itself on the list and then becomes the command.

    It must lead a session of its own and have the watchdog's pipe as its standard input (which the command does
    not see). The child says its number itself, because we might die between starting it and saying it: while it
    has not, it holds the pipe open. The parentheses: a broken pipe must not keep a command from starting.
    """
    return ["/bin/sh", "-c", '(echo "+$$" >&0) 2>/dev/null; exec "$@" </dev/null', "sh", *command]


def release(group: int) -> None:
    """Process group `group` has ended by itself; its number may be given to a stranger."""
    pipe = start()
    with _lock, suppress(BrokenPipeError):
        pipe.write(f"-{group}\n".encode())
        pipe.flush()


def start(keep_open: Iterable[int] = ()) -> IO[bytes]:
    """Start the watchdog if it does not run yet; it holds the file descriptors `keep_open` until its end.

    A lock handed over this way stays locked until the last orphan is gone.
    """
    global _pipe
    with _lock:
        if _pipe is None:
            command = [sys.executable, "-I", "-S", __file__]
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                start_new_session=True,  # a Ctrl-C in the terminal is not meant for it
                pass_fds=tuple(keep_open),
            )
            _pipe = process.stdin
        assert _pipe is not None  # noqa: S101  (a pipe was asked for)
        return _pipe


def end_groups(groups: Iterable[int], grace_seconds: float = GRACE_SECONDS) -> None:
    """Ask every process group to end, wait up to `grace_seconds`, then kill what is left."""
    waiting = [group for group in groups if send(group, signal.SIGTERM)]
    deadline = time.monotonic() + grace_seconds
    while waiting and time.monotonic() < deadline:
        time.sleep(0.05)
        waiting = [group for group in waiting if send(group, 0)]
    for group in waiting:
        send(group, signal.SIGKILL)


def send(group: int, signal_number: int) -> bool:
    """Send a signal to a process group; False when nobody is left in it."""
    try:
        os.killpg(group, signal_number)
    except (ProcessLookupError, PermissionError):  # PermissionError: macOS says so of a group of zombies
        return False
    return True


def main() -> None:
    """Hold the list told through standard input; at its end, end everything still on it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        change = groups.add if line.startswith("+") else groups.discard
        change(int(line[1:]))
    end_groups(groups)


if __name__ == "__main__":
    main()
