"""When a message is sent again: pure, time and chance are arguments."""

from datetime import datetime, timedelta
from typing import Final

from schedules.runs.retries import LONGEST_RETRY_AFTER

WAITS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""After the first attempt, the second, and so on: a little more than three days in all."""

SPREAD: Final = 0.2


def next_attempt_at(
    attempt: int, now: datetime, chance: float, retry_after: timedelta | None = None
) -> datetime | None:
    """When to send again after attempt `attempt` (from 1) failed at `now`; None: no attempt is left.

    `chance` in [0, 1) spreads each wait by a fifth both ways. A Retry-After is never undercut, up to its cap.
    """
    if attempt > len(WAITS):
        return None
    wait = WAITS[attempt - 1] * (1 - SPREAD + 2 * SPREAD * chance)
    return now + max(wait, min(retry_after or timedelta(0), LONGEST_RETRY_AFTER))
