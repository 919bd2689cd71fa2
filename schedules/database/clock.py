"""The database's clock: due-ness and leases of all processes are judged by this one, while it can be believed.

Each reading is judged by the time that has passed on this host (trusted_time.py). While the clock has leapt ahead,
nothing acts; reading goes on, with the time before the leap.
"""

import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection

from schedules.database.choice import is_postgresql
from schedules.database.process_time import AcceptedLeap, ProcessTime
from schedules.database.trusted_time import Reading, first_belief
from schedules.errors import ClockLeapt

READ_EVERY_SECONDS: Final = 5.0
"""Whoever needs the time without asking asks anyway when the last answer is older than this."""

OFFSET_BOUND: Final = timedelta(seconds=5)
"""A host whose clock is further from the database's is warned of."""

_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the host sleeps, where there is such a clock."""


@dataclass(frozen=True, slots=True)
class Times:
    """What one look at the database's clock says.

    `shown_at`: that clock; `trusted_at`: the time to go by; `ahead`: how far the clock has leapt, zero if it has not;
    `host_offset`: how far this host's clock is ahead of the database's.
    """

    shown_at: datetime
    trusted_at: datetime
    ahead: timedelta
    host_offset: timedelta


_process = ProcessTime()


def look() -> Times:
    """Ask the database for its time, and judge it."""
    asked = steady()
    shown_at = _shown()
    host_at = datetime.now(UTC)
    reading = Reading(shown_at, asked, steady())
    belief = _process.judge(reading, timedelta(seconds=settings.ORQ.clock_accept_seconds))
    half_way = timedelta(seconds=(reading.answered - asked) / 2)
    offset = host_at - half_way - shown_at
    if abs(offset) - half_way > OFFSET_BOUND and belief.leap is None:
        _process.warn_of_host(offset, reading.answered)
    trusted_at = shown_at if belief.leap is None else belief.at(reading.middle)
    return Times(shown_at, trusted_at, belief.ahead, offset)


def _shown() -> datetime:
    """SQLite has no server: there the machine's clock, which its processes share, is the same clock."""
    if not is_postgresql():
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC)


def database_now() -> datetime:
    """The database server's time, aware UTC; inside a transaction too it is the time of this statement.

    While that clock has leapt ahead: the time that goes on from before.
    """
    return look().trusted_at


def time_to_act() -> datetime:
    """The time for whoever changes something; ClockLeapt while the database's clock cannot be believed."""
    times = look()
    if times.ahead:
        raise ClockLeapt(times.ahead)
    return times.trusted_at


def require_no_leap() -> None:
    """ClockLeapt while the database's clock cannot be believed; asks if it could not, or not for some seconds."""
    recent_now()
    belief = _process.belief
    if belief is not None and belief.leap is not None:
        time_to_act()


def recent_now() -> datetime:
    """As `database_now`, to some milliseconds, and mostly without asking."""
    if steady() - _process.read > READ_EVERY_SECONDS:
        return database_now()
    return estimated_now()


def estimated_now() -> datetime:
    """The database's time by its last answer, without asking: whatever the host's clock says.

    A process that has never asked has only the host's clock.
    """
    belief = _process.belief
    return belief.at(steady()) if belief is not None else datetime.now(UTC)


def latest_plausible() -> datetime:
    """The latest time that a statement may read on the database's clock and act upon."""
    belief = _process.belief
    return belief.latest(steady()) if belief is not None else datetime.max.replace(tzinfo=UTC)


def believe_others(ahead: timedelta) -> None:
    """A process that has just started learns that the database's clock is so far ahead of what others go by."""
    asked = steady()
    _process.belief = first_belief(Reading(_shown(), asked, steady()), ahead)


def accepted_leaps() -> deque[AcceptedLeap]:
    """The leaps that this process has come to believe, oldest first; whoever has written one down takes it off."""
    return _process.accepted


def steady() -> float:
    """Seconds that nobody sets."""
    return time.clock_gettime(_STEADY)
