"""Beats and workers say that they are there: one small write of a row of their own every few seconds."""

import time
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from schedules.database.clock import database_now
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
    "last_seen_at",
]


def say_alive(process: ProcessRegistration, idle: timedelta, in_flight_count: int) -> None:
    """Store that the process's loops last went round `idle` ago; also a row that was lost is there again."""
    now, process.clock_offset = _clocks()
    process.last_seen_at = now - idle
    process.in_flight_count = in_flight_count
    ProcessRegistration.objects.bulk_create(
        [process], update_conflicts=True, unique_fields=["id"], update_fields=_WRITTEN
    )


def say_goodbye(process: ProcessRegistration) -> None:
    """The process ends in order."""
    ProcessRegistration.objects.filter(id=process.id).delete()


def forget_gone() -> int:
    """Delete the rows of processes that have been gone for long; how many."""
    count, _ = ProcessRegistration.objects.filter(last_seen_at__lt=database_now() - FORGET_AFTER).delete()
    return count


def _clocks() -> tuple[datetime, timedelta]:
    """The database's time, and how far this host is ahead of it, to half the time of asking."""
    asked_at = time.monotonic()
    now = database_now()
    half_way = timedelta(seconds=(time.monotonic() - asked_at) / 2)
    return now, timezone.now() - half_way - now
