"""A verdict that is asked for at most once in a while, however many probes come."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Verdict = TypeVar("Verdict")


class Cached(Generic[Verdict]):
    """`ask`, at most once in `seconds` for the whole process."""

    def __init__(self, ask: Callable[[], Verdict], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = threading.Lock()
        self._asked: tuple[float, Verdict] | None = None

    def __call__(self) -> Verdict:
        """The verdict; while another thread is asking, the one before it, so that a slow answer blocks one thread."""
        last = self._asked
        if last is not None and (self._is_fresh(last[0]) or not self._lock.acquire(blocking=False)):
            return last[1]
        if last is None:
            self._lock.acquire()
        try:
            return self._renewed()
        finally:
            self._lock.release()

    def forget(self) -> None:
        """The next one who wants to know asks."""
        self._asked = None

    def _renewed(self) -> Verdict:
        if self._asked is None or not self._is_fresh(self._asked[0]):
            verdict = self._ask()
            self._asked = (time.monotonic(), verdict)
        return self._asked[1]

    def _is_fresh(self, asked_at: float) -> bool:
        return time.monotonic() - asked_at < self._seconds
