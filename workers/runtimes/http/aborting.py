"""One thread a process asks for all calls that wait on a socket whether they may go on.

A call that may not has its connection shut down under it, which ends the wait. So a thousand calls that wait for
slow agents sleep until their answers come, instead of waking twice a second each to ask for themselves.
"""

import socket
import threading
import time
from contextlib import suppress
from typing import Self

import structlog

from workers.per_process import PerProcess
from workers.runtimes.http.deadline import SLICE, CallLimits

log = structlog.get_logger(__name__)


class Wait:
    """One call's wait on a socket, as long as its block lasts."""

    __slots__ = ("_monitor", "is_ended", "limits", "sock")

    def __init__(self, monitor: "AbortMonitor", sock: socket.socket, limits: CallLimits) -> None:
        self._monitor = monitor
        self.sock = sock
        self.limits = limits
        self.is_ended = False
        """Whether the abort monitor has ended it: what the socket says since is not the agent's word."""

    def __enter__(self) -> Self:
        self._monitor.begin(self)
        return self

    def __exit__(self, *raised: object) -> None:
        self._monitor.leave(self)


class AbortMonitor:
    """Over any number of waiting threads."""

    def __init__(self) -> None:
        self._waits: set[Wait] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def guard(self, sock: socket.socket, limits: CallLimits) -> Wait:
        """Inside its block the connection is shut down, within `SLICE` seconds, once the call is unwanted."""
        return Wait(self, sock, limits)

    def begin(self, wait: Wait) -> None:
        """Watch over it."""
        with self._lock:
            self._ensure_thread()
            self._waits.add(wait)

    def leave(self, wait: Wait) -> None:
        """It is over."""
        with self._lock:
            self._waits.remove(wait)

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._ask_all, name="call-abort-monitor", daemon=True)
            self._thread.start()

    def _ask_all(self) -> None:
        while True:
            time.sleep(SLICE)
            with self._lock:
                waits = list(self._waits)
            for wait in waits:
                if _is_unwanted(wait.limits):
                    self._end(wait)

    def _end(self, wait: Wait) -> None:
        with self._lock:  # while the wait is on, its descriptor is not closed, nor another's
            if wait in self._waits:
                wait.is_ended = True
                with suppress(OSError):
                    socket.socket.shutdown(wait.sock, socket.SHUT_RDWR)  # not TLS's, which changes the object


def _is_unwanted(limits: CallLimits) -> bool:
    try:
        return limits.is_unwanted()
    except Exception:  # the thread must not die of it: no waiting call would be aborted
        log.exception("abort_monitor.failed")
        return False


abort_monitor = PerProcess(AbortMonitor)
"""This process's."""
