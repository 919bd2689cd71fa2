"""Keep one agent call inside its limits: the deadline, the caller's wish to abort, and the bytes received.

A call runs on one thread from start to end, while its connection comes from a pool and has served other calls.
The watch of the call on this thread is therefore found through a context variable, by the code that waits.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from workers.runtimes.base import CallAborted, CallFailed

SLICE = 0.5
"""Seconds: no wait is longer without somebody asking whether the call should go on."""

LONGEST_WAIT = 3600.0
"""Seconds: poll() counts milliseconds in an int, and a wait that ended is simply taken up again."""


class CallWatch:
    """The limits of one call, on the monotonic clock."""

    def __init__(self, total: timedelta, should_abort: Callable[[], bool]) -> None:
        self._total = total
        self._give_up_at = time.monotonic() + total.total_seconds()
        self._should_abort = should_abort
        self._room = 0
        self.trouble = ""
        """What went wrong last, for the message when time runs out."""

    def check(self) -> None:
        """Raise `CallAborted` or `CallFailed` (agent_timeout) unless the call may go on."""
        if self.is_unwanted():
            raise CallAborted
        if self.remaining() <= 0:
            trouble = f" (before that: {self.trouble})" if self.trouble else ""
            message = f"no complete answer within {self._total.total_seconds():g} s{trouble}"
            raise CallFailed("agent_timeout", message, is_retryable=True)

    def is_unwanted(self) -> bool:
        """Whether the caller wishes to abort; may be asked from any thread."""
        return self._should_abort()

    def remaining(self) -> float:
        """Seconds until the deadline; negative when it has passed."""
        return self._give_up_at - time.monotonic()

    def bound(self, wanted: float) -> float:
        """How long a wait may be, in seconds, while the lookout asks for it; always above zero."""
        return max(min(wanted, self.remaining(), LONGEST_WAIT), 0.001)

    def slice(self, wanted: float) -> float:
        """How long to wait now, in seconds, until this thread asks again itself; always above zero."""
        return min(self.bound(wanted), SLICE)

    def pause(self, seconds: float) -> None:
        """Sleep that long, and no longer than the call may last; raises like `check`."""
        wake_at = time.monotonic() + seconds
        self.check()
        while (left := wake_at - time.monotonic()) > 0:
            time.sleep(self.slice(left))
            self.check()

    def allow(self, byte_count: int) -> None:
        """From now on the agent may send that many bytes, framing included."""
        self._room = byte_count

    def count(self, byte_count: int) -> None:
        """Note bytes that arrived. Raises `CallFailed` (response_too_large) beyond what was allowed."""
        self._room -= byte_count
        if self._room < 0:
            raise CallFailed("response_too_large", "the agent sent far more bytes than its answer may have")


_current: ContextVar[CallWatch | None] = ContextVar("call_watch", default=None)


@contextmanager
def watching(watch: CallWatch) -> Iterator[CallWatch]:
    """Put the work done inside, on this thread, under the watch."""
    token = _current.set(watch)
    try:
        yield watch
    finally:
        _current.reset(token)


def current_watch() -> CallWatch:
    """The watch over this thread's call. Raises `LookupError` outside of one: nothing may wait unwatched."""
    watch = _current.get()
    if watch is None:
        raise LookupError("agent connections may only be used inside `watching`")
    return watch
