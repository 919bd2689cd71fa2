"""What one process may let through by itself before it asks the common count again.

A share is a hundredth of the limit at most, and a twentieth of what is left of it; it ends after a second. So
limits below 100 a minute are exact, nothing is passed unasked where little is left, and in any minute each process
exceeds a limit by 1 % at most, and that only if others use the rest up within that second.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

SECONDS: Final = 1.0
"""A share's life."""
COUNTED_SECONDS: Final = 60.0 + SECONDS
"""What an older one has passed counts no more."""
MOST: Final = 10_000
"""Shares in memory: about a megabyte. When there are more all are forgotten, with what they passed."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`per_minute` of `name`; 0: any number."""

    name: str
    per_minute: int


@dataclass(slots=True)
class _Share:
    left: int
    began: float
    passed: int = 0

    def is_open(self, now: float) -> bool:
        return self.left > 0 and now - self.began < SECONDS


class LocalShares:
    """Those of one process, by the limits' names."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._by_name: dict[str, _Share] = {}

    def passes(self, limits: Sequence[Limit]) -> bool:
        """Let one through each of the limits unasked; False: one of them has no share, and none is used."""
        now = self._clock()
        with self._lock:
            shares = [self._by_name.get(limit.name) for limit in limits]
            usable = [share for share in shares if share and share.is_open(now)]
            if len(usable) < len(limits):
                return False
            for share in usable:
                share.left -= 1
                share.passed += 1
        return True

    def end(self, limit: Limit) -> int:
        """No more is passed unasked; how many were and are to be counted now."""
        with self._lock:
            ended = self._by_name.pop(limit.name, None)
        return ended.passed if ended and self._clock() - ended.began < COUNTED_SECONDS else 0

    def begin(self, limit: Limit, left: int) -> None:
        """So many are left of the limit: a few of them may pass unasked from now on."""
        allowed = min(limit.per_minute // 100, left // 20)
        if allowed > 0:
            with self._lock:
                if len(self._by_name) >= MOST:
                    self._by_name.clear()
                other = self._by_name.get(limit.name)  # another thread has asked meanwhile
                uncounted = other.passed if other else 0
                self._by_name[limit.name] = _Share(allowed, self._clock(), uncounted)
