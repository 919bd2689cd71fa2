"""What should have happened by now and has not: the oldest fire and the oldest run that wait."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import F, Min, Value
from django.db.models.functions import Greatest

from schedules.models import NextFire, Run

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Python has no instant for the -infinity that may stand in a row."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """How long the oldest of each kind has waited; None: nothing waits."""

    fire: timedelta | None
    run: timedelta | None


def overdue(now: datetime) -> Overdue:
    """The oldest fire time that has come and was not fired, the oldest run that may start and has not."""
    return Overdue(_age(_oldest_due_fire(now), now), _age(_oldest_due_run(now), now))


def _oldest_due_fire(now: datetime) -> datetime | None:
    due = NextFire.objects.due(now).annotate(since=Greatest(F("fire_time"), Value(_EARLIEST)))
    return due.values_list("since", flat=True).first()


def _oldest_due_run(now: datetime) -> datetime | None:
    since = Greatest(F("not_before"), Value(_EARLIEST))
    oldest: datetime | None = Run.objects.claimable(now).aggregate(oldest=Min(since))["oldest"]
    return oldest


def _age(since: datetime | None, now: datetime) -> timedelta | None:
    return None if since is None else now - since
