"""What to do after a failed attempt: pure, time and chance are arguments."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_RETRY_AFTER = timedelta(hours=6)
"""A longer Retry-After of an agent is cut to this: one wrong header must not park a run for a year."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff: `base` doubles with each attempt up to `cap`; `max_attempts` tries in all."""

    max_attempts: int
    base: timedelta
    cap: timedelta


def next_attempt_at(
    policy: RetryPolicy,
    attempt: int,
    now: datetime,
    chance: float,
    retry_after: timedelta | None = None,
) -> datetime | None:
    """When to try again after attempt `attempt` (from 1) failed retryably at `now`; None: no attempt is left.

    `chance` in [0, 1) spreads the wait over its upper half, so that a herd does not come back as one.
    An agent's Retry-After is never undercut.
    """
    if attempt >= policy.max_attempts:
        return None
    doublings = min(attempt - 1, 30)
    backoff = policy.cap if policy.base > policy.cap / 2**doublings else policy.base * 2**doublings
    wait = backoff * (0.5 + chance / 2)
    shortest_wait = min(retry_after, LONGEST_RETRY_AFTER) if retry_after else timedelta(0)
    return now + max(wait, shortest_wait)
