"""What a person sees of `up`: steps with their times first, then the lines the programs print.

While the steps run the programs' lines only go to the log file; a step that fails shows the last of them.
"""

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_BYTES = 5_000_000
UNSHOWN_LINES = 15
NAME_WIDTH = 6
STEP_WIDTH = 62


class Terminal:
    """Standard output, shared by the steps and the programs' threads; a copy of their lines in `log_file`."""

    def __init__(self, log_file: Path) -> None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        self._log = RotatingFileHandler(log_file, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8")
        self._unshown: deque[str] = deque(maxlen=UNSHOWN_LINES)
        self._is_live = False
        self._lock = threading.Lock()

    def say(self, text: str = "") -> None:
        """Print lines of our own."""
        with self._lock:
            _print(text + "\n")

    @contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """Show what is being done, then a tick and how long it took; put the result in words into the list."""
        started = time.monotonic()
        if sys.stdout.isatty():
            _print(f"  … {what}")
        result: list[str] = []
        mark = "✗"
        try:
            yield result
            mark = "✓"
        finally:
            line = f"{what}{': ' if result else ''}{', '.join(result)}"
            back = "\r" if sys.stdout.isatty() else ""
            _print(f"{back}  {mark} {line:<{STEP_WIDTH}} {time.monotonic() - started:5.1f} s\n")

    def write(self, name: str, line: str) -> None:
        """One line a program printed; empty ones are left out."""
        if not line.strip():
            return
        text = f"{name:<{NAME_WIDTH}} | {line}"
        with self._lock:
            self._log.emit(logging.LogRecord(name, logging.INFO, "", 0, text, None, None))
            if self._is_live:
                _print(text + "\n")
            else:
                self._unshown.append(text)

    def show_programs(self, is_live: bool) -> None:
        """From now on the programs' lines are shown, or only kept in the log file."""
        with self._lock:
            self._is_live = is_live

    def unshown_lines(self) -> list[str]:
        """The last lines of the programs that were not shown."""
        with self._lock:
            return list(self._unshown)


def _print(text: str) -> None:
    with suppress(OSError):  # the terminal may be gone; stopping in order matters more
        sys.stdout.write(text)
        sys.stdout.flush()
