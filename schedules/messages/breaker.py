"""A circuit breaker: after a failure a server that hangs costs its time-out once, not with each call."""

import time
from collections.abc import Callable


class Breaker:
    """Open (calls are passed over) for a while after a failure; one per process, its races are harmless."""

    def __init__(self, pause_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds, monotonic."""
        self._pause = pause_seconds
        self._clock = clock
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are to be passed over now."""
        return self._clock() < self._open_until

    def trip(self) -> None:
        """A call failed."""
        self._open_until = self._clock() + self._pause
