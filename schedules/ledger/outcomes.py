"""What became of each instant in a span of days: for calendars. One answer in full is `explaining`'s."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from schedules import holds
from schedules.database.ulids import lowest_ulid_at
from schedules.expressions import InvalidExpression
from schedules.models import TRIGGER_DELAY, CadenceEpoch, MissedFiring, MissedReason, Run, Schedule

MISSED: Final = "missed"
PLANNED: Final = "planned"
MOST_RUNS: Final = 2_000
MOST_MISSED: Final = 200
_CLOCKS_APART: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class InstantOutcome:
    """`outcome`: a run's state, MISSED or PLANNED. `reason`: why it was missed, or why the run ended so."""

    at: datetime
    outcome: str
    reason: str = ""
    run_id: str = ""
    is_manual: bool = False


def outcomes_between(
    schedule: Schedule, begin: datetime, end: datetime, now: datetime
) -> list[InstantOutcome]:
    """Those of [begin, end) in their order: runs by clock and by hand, missed fire times, and what is planned."""
    found = [
        *_of_runs(schedule, begin, end),
        *_of_missed(schedule, begin, end),
        *_planned(schedule, max(begin, now), end),
    ]
    return sorted(found, key=lambda each: each.at)


def _of_runs(schedule: Schedule, begin: datetime, end: datetime) -> Iterator[InstantOutcome]:
    """By their ids, which tell when they were made: at their fire time, or late."""
    in_span = Q(fire_time__gte=begin, fire_time__lt=end) | Q(fire_time=None, created_at__lt=end)
    made_since = Run.objects.filter(schedule=schedule, id__gte=lowest_ulid_at(begin - _CLOCKS_APART))
    columns = ("id", "fire_time", "created_at", "state", "reason", "error_code")
    rows = made_since.filter(in_span).order_by("-id").values_list(*columns)[:MOST_RUNS]
    for run_id, fire_time, created_at, state, reason, code in rows:
        at = fire_time or created_at + TRIGGER_DELAY
        if begin <= at < end:
            yield InstantOutcome(at, state, reason or code, run_id, is_manual=fire_time is None)


def _of_missed(schedule: Schedule, begin: datetime, end: datetime) -> Iterator[InstantOutcome]:
    records = list(
        MissedFiring.objects.filter(
            schedule=schedule, last_fire_time__gte=begin, first_fire_time__lt=end
        ).order_by("-first_fire_time")[:MOST_MISSED]
    )
    generations = {record.generation for record in records}
    epochs = CadenceEpoch.objects.filter(schedule=schedule, generation__in=generations) if records else ()
    by_generation = {epoch.generation: epoch for epoch in epochs}
    for record in records:
        first, last = (
            max(record.first_fire_time, begin),
            min(record.last_fire_time, end - datetime.resolution),
        )
        epoch = by_generation.get(record.generation)
        for at in _fire_times(epoch, first, last):
            yield InstantOutcome(at, MISSED, str(MissedReason(record.reason).label))


def _planned(schedule: Schedule, begin: datetime, end: datetime) -> Iterator[InstantOutcome]:
    first = holds.next_fire_under(schedule)
    if first is None or schedule.is_held_back:
        return
    for at in _fire_times(schedule, max(first, begin), end - datetime.resolution):
        yield InstantOutcome(at, PLANNED)


def _fire_times(of: CadenceEpoch | Schedule | None, first: datetime, last: datetime) -> Iterator[datetime]:
    """From `first` to `last`, both included; none of a cadence that cannot be read."""
    try:
        cadence = of.cadence if of is not None else None
    except InvalidExpression:
        return
    at = cadence.next_after(first - datetime.resolution) if cadence is not None else None
    while cadence is not None and at is not None and at <= last:
        yield at
        at = cadence.next_after(at)
