"""Beats and workers say that they are there: one small write of a row of their own every few seconds."""

from datetime import timedelta
from typing import Final

from django.db.models import Min

from schedules.database import clock
from schedules.database.trusted_time import LEAP
from schedules.models import ProcessRegistration

FORGET_AFTER: Final = timedelta(hours=1)
"""A process that ended without a chance to say so is shown as gone for so long."""

_WRITTEN: Final = [
    "kind",
    "host",
    "pid",
    "version",
    "thread_count",
    "in_flight_count",
    "clock_offset",
    "database_ahead",
    "last_seen_at",
]


def say_alive(process: ProcessRegistration, idle: timedelta, in_flight_count: int) -> None:
    """Store that the process's loops last went round `idle` ago; also a row that was lost is there again."""
    times = clock.look()
    process.clock_offset, process.database_ahead = times.host_offset, times.ahead
    process.last_seen_at = times.shown_at - idle
    process.in_flight_count = in_flight_count
    ProcessRegistration.objects.bulk_create(
        [process], update_conflicts=True, unique_fields=["id"], update_fields=_WRITTEN
    )


def say_goodbye(process: ProcessRegistration) -> None:
    """The process ends in order."""
    ProcessRegistration.objects.filter(id=process.id).delete()


def forget_gone() -> int:
    """Delete the rows of processes that have been gone for long; how many. None while the clock has leapt."""
    times = clock.look()
    if times.ahead:
        return 0
    count, _ = ProcessRegistration.objects.filter(last_seen_at__lt=times.shown_at - FORGET_AFTER).delete()
    return count


def learn_the_time() -> None:
    """A process begins: if the others see the database's clock leap, so does this one."""
    alive = ProcessRegistration.objects.alive(clock.look().shown_at).filter(database_ahead__gt=LEAP)
    ahead = alive.aggregate(least=Min("database_ahead"))["least"]
    if ahead is not None:
        clock.believe_others(ahead)
