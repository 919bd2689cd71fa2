"""Keep one agent call inside its limits: the deadline, the caller's wish to abort, and the bytes received.

A call runs on one thread from start to end, while its connection comes from a pool and has served other calls.
The limits of the call on this thread are therefore found through a context variable, by the code that waits.
"""

import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import timedelta
from typing import Self

from workers.runtimes.base import CallAborted, CallFailed

SLICE = 0.5
"""Seconds: no wait is longer without somebody asking whether the call should go on."""

LONGEST_WAIT = 3600.0
"""Seconds: poll() counts milliseconds in an int, and a wait that ended is simply taken up again."""


class CallLimits:
    """The limits of one call, on the monotonic clock."""

    def __init__(self, total: timedelta, should_abort: Callable[[], bool]) -> None:
        self._total = total
        self._give_up_at = time.monotonic() + total.total_seconds()
        self._should_abort = should_abort
        self._room = 0
        self.is_request_sent = False
        """Whether the agent may be at work: an end in silence is then not free of cost."""
        self.last_failure = ""
        """What went wrong last, for the message when time runs out."""

    def __enter__(self) -> Self:
        """Put the work done inside, on this thread, under these limits."""
        self._token = _current.set(self)
        return self

    def __exit__(self, *raised: object) -> None:
        _current.reset(self._token)

    def check(self) -> None:
        """Raise `CallAborted` or `CallFailed` (agent_timeout) unless the call may go on."""
        if self.is_unwanted():
            raise CallAborted
        if self.remaining() <= 0:
            before = f" (before that: {self.last_failure})" if self.last_failure else ""
            message = f"no complete answer within {self._total.total_seconds():g} s{before}"
            raise CallFailed("agent_timeout", message, is_retryable=True, is_silent=self.is_request_sent)

    def is_unwanted(self) -> bool:
        """Whether the caller wishes to abort; may be asked from any thread."""
        return self._should_abort()

    def remaining(self) -> float:
        """Seconds until the deadline; negative when it has passed."""
        return self._give_up_at - time.monotonic()

    def bound(self, wanted: float) -> float:
        """How long a wait may be, in seconds, while the abort monitor asks for it; always above zero."""
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


_current: ContextVar[CallLimits | None] = ContextVar("call_limits", default=None)


def current_limits() -> CallLimits:
    """The limits of this thread's call. Raises `LookupError` outside of one: nothing may wait without limits."""
    limits = _current.get()
    if limits is None:
        raise LookupError("agent connections may only be used inside the block of their limits")
    return limits
