"""What an audit reads: epochs, runs and missed records as streams in one order (schedule, generation, time).

However long the history is, no more of it is in memory than a few thousand rows and a chunk of schedules' ids.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import merge
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from schedules.expressions import Cadence, parse
from schedules.models import CadenceEpoch, MissedFiring, Run, Schedule

SCHEDULES_AT_ONCE = 500
"""How many schedules are read with the same queries."""

_ROWS_AT_ONCE = 2000


class Epoch(NamedTuple):
    """A generation's cadence: it describes the fire times in (began_at, ended_at]."""

    schedule_id: str
    generation: int
    began_at: datetime
    ended_at: datetime | None
    type: str
    expression: str
    next_fire_at: datetime | None

    @property
    def place(self) -> tuple[int, datetime]:
        """Before its records."""
        return 0, self.began_at

    @property
    def cadence(self) -> Cadence:
        """The parsed expression, anchored where the epoch began."""
        return parse(self.type, self.expression).anchored_at(self.began_at)

    def has_to_have(self, instant: datetime, now: datetime) -> bool:
        """Whether an instant lies in the epoch and its record must be there by now.

        From the schedule's next fire time on, the instants are to come, or due and about to be fired.
        """
        if self.ended_at is not None:
            return instant <= self.ended_at
        return instant <= now and (self.next_fire_at is None or instant < self.next_fire_at)


class Record(NamedTuple):
    """A run (first and last are its fire time, and it counts one instant) or a missed record."""

    schedule_id: str
    generation: int
    first: datetime
    last: datetime
    instant_count: int
    is_run: bool

    @property
    def place(self) -> tuple[int, datetime]:
        """Among the records of its epoch."""
        return 1, self.first


Rows = Iterator[Epoch | Record]
Generations = dict[str, int]


def chunks(schedule_id: str | None, since: datetime | None) -> Iterator[Generations]:
    """The schedules' generations by their ids, in the database's order of ids."""
    schedules = Schedule.objects.order_by("id")
    if schedule_id is not None:
        schedules = schedules.filter(id=schedule_id)
    if since is not None:
        schedules = schedules.filter(Q(deleted_at=None) | Q(deleted_at__gte=since))
    last = ""
    while chunk := dict(schedules.filter(id__gt=last).values_list("id", "generation")[:SCHEDULES_AT_ONCE]):
        yield chunk
        last = next(reversed(chunk))


def by_generation(generations: Generations, since: datetime | None) -> Iterator[tuple[tuple[str, int], Rows]]:
    """The rows of each (schedule id, generation): its epoch, if there is one, then its records in their order.

    The first statement reads the epochs: whatever is over by the next fire times in it has its records already.
    A generation newer than `generations` began meanwhile, and is another audit's.
    """
    order = {schedule_id: place for place, schedule_id in enumerate(generations)}
    streams = (_epochs(generations, since), _runs(generations, since), _missed(generations, since))
    rows: Rows = merge(*streams, key=lambda row: (order[row.schedule_id], row.generation, row.place))
    settled = (row for row in rows if row.generation <= generations[row.schedule_id])
    return groupby(settled, key=lambda row: (row.schedule_id, row.generation))


def _epochs(schedule_ids: Iterable[str], since: datetime | None) -> Rows:
    epochs = CadenceEpoch.objects.filter(schedule_id__in=schedule_ids).order_by("schedule_id", "generation")
    if since is not None:
        epochs = epochs.exclude(ended_at__lt=since)
    columns = (*Epoch._fields[:-1], "schedule__next_fire__fire_time")
    return (Epoch(*row) for row in _streamed(epochs, columns))


def _runs(schedule_ids: Iterable[str], since: datetime | None) -> Rows:
    """Asks for no more than the unique key holds: then the database need not look at the runs themselves."""
    runs = Run.objects.filter(schedule_id__in=schedule_ids, fire_time__isnull=False)
    if since is not None:
        runs = runs.filter(fire_time__gt=since)
    key = ("schedule_id", "generation", "fire_time")
    rows = _streamed(runs.order_by(*key), key)
    return (Record(schedule_id, generation, at, at, 1, is_run=True) for schedule_id, generation, at in rows)


def _missed(schedule_ids: Iterable[str], since: datetime | None) -> Rows:
    missed = MissedFiring.objects.filter(schedule_id__in=schedule_ids)
    if since is not None:
        missed = missed.filter(last_fire_time__gt=since)
    columns = ("schedule_id", "generation", "first_fire_time", "last_fire_time", "count")
    rows = _streamed(missed.order_by(*columns[:3]), columns)
    return (
        Record(schedule_id, generation, first, last, count, is_run=False)
        for schedule_id, generation, first, last, count in rows
    )


def _streamed(rows: QuerySet[Any], columns: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    return rows.values_list(*columns).iterator(chunk_size=_ROWS_AT_ONCE)
