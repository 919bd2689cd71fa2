"""Ask an agent that works in the background until it is done."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from workers.runtimes.base import CallFailed
from workers.runtimes.line import AgentLine, NotFound

FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.5, 5.0

NOT_FOUND_PATIENCE = 1
"""How often in a row work that was just queued may be unknown: not every server reads its own writes at once."""


T = TypeVar("T")
"""What is asked for: a document, or what was read from one."""


def poll(line: AgentLine, ask: Callable[[], T], is_pending: Callable[[T], bool]) -> T:
    """The first document that is not pending. A poll that fails is asked again, and the limits end it all.

    `ask` fetches a document (`line.get`); it raises `NotFound` for work that the agent does not know.
    """
    wish, intervals, patience = 0.0, _intervals(), NOT_FOUND_PATIENCE
    while True:
        line.limits.pause(max(next(intervals), wish))
        wish = 0.0
        try:
            document = ask()
        except CallFailed as failure:
            if isinstance(failure, NotFound) and patience:
                patience -= 1
            elif not failure.is_retryable:
                raise
            line.limits.last_failure = failure.message
            wish = failure.retry_after.total_seconds() if failure.retry_after else 0.0
            continue
        line.call.note("poll", {"is_pending": is_pending(document)})
        if not is_pending(document):
            return document


def _intervals() -> Iterator[float]:
    seconds = FIRST_POLL_SECONDS
    while True:
        yield seconds
        seconds = min(seconds * 2, LONGEST_POLL_SECONDS)
