"""What a recount reads: epochs, runs and missed records as streams in one order (schedule, generation).

However long the history is, no more of it is in memory than one generation's instants (eight bytes each) and a chunk
of schedules' ids.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import groupby
from typing import Any, ClassVar, Final, NamedTuple

from django.db.models import Q, QuerySet

from schedules.database.choice import is_postgresql
from schedules.expressions import Cadence, parse, require_minimum_cadence
from schedules.expressions.instants import from_microseconds, to_microseconds
from schedules.ledger import rows_postgresql
from schedules.models import CadenceEpoch, MissedFiring, Run, Schedule

SCHEDULES_AT_ONCE = 500
"""How many schedules are read with the same queries."""

_ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Epoch:
    """A generation's cadence: it describes the fire times in (began_at, ended_at]."""

    order: ClassVar[int] = 0
    schedule_id: str
    generation: int
    began_at: datetime
    ended_at: datetime | None
    type: str
    expression: str
    next_fire_at: datetime | None

    def cadence(self) -> Cadence:
        """The parsed expression, anchored where the epoch began; InvalidExpression, also for too dense a one."""
        cadence = parse(self.type, self.expression)
        require_minimum_cadence(cadence)
        return cadence.anchored_at(self.began_at)

    def has_to_have(self, instant: datetime, now: datetime) -> bool:
        """Whether an instant lies in the epoch and its record must be there by now.

        From the schedule's next fire time on, the instants are to come, or due and about to be fired.
        """
        if self.ended_at is not None:
            return instant <= self.ended_at
        return instant <= now and (self.next_fire_at is None or instant < self.next_fire_at)

    def is_settled(self, at: datetime, now: datetime) -> bool:
        """Whether the records of this time can be judged; of an open epoch, later ones were made just now."""
        return self.ended_at is not None or self.has_to_have(at, now)

    def settled_until(self, now: datetime) -> datetime:
        """The last moment of which `has_to_have` may be true."""
        if self.ended_at is not None:
            return self.ended_at
        if self.next_fire_at is None or self.next_fire_at > now:
            return now
        return max(self.next_fire_at, _FIRST) - datetime.resolution


_FIRST: Final = from_microseconds(0)
LAST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RunTimes:
    """The fire times of a generation's runs, ascending, in microseconds since the Unix epoch."""

    order: ClassVar[int] = 1
    schedule_id: str
    generation: int
    times: "array[int]"


class Record(NamedTuple):
    """A run (first and last are its fire time, and it counts one instant) or a missed record."""

    first: datetime
    last: datetime
    instant_count: int
    is_run: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """A missed record of a generation."""

    order: ClassVar[int] = 2
    schedule_id: str
    generation: int
    record: Record


Row = Epoch | RunTimes | Missed


@dataclass(slots=True)
class Generation:
    """All that the ledger has of one generation of one schedule."""

    schedule_id: str
    number: int
    epoch: Epoch | None
    times: "array[int]"
    missed: list[Record]

    def records(self) -> Iterator[Record]:
        """The runs and the missed records, by their first instants."""
        runs = (Record(at, at, 1, is_run=True) for at in map(_instant, self.times))
        return merge(runs, self.missed, key=lambda record: record.first)


def _instant(microseconds: int) -> datetime:
    """The instant, or the nearest that a datetime can hold."""
    try:
        return from_microseconds(microseconds)
    except OverflowError:
        return _FIRST if microseconds < 0 else LAST


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


def by_generation(generations: Generations, since: datetime | None) -> Iterator[Generation]:
    """What there is of each generation of these schedules, in their order.

    The first statement reads the epochs: whatever is over by the next fire times in it has its records already.
    A generation newer than `generations` began meanwhile, and is another audit's.
    """
    order = {schedule_id: place for place, schedule_id in enumerate(generations)}
    streams: list[Iterator[Row]] = [
        _epochs(generations, since),
        _runs(generations, since),
        _missed(generations, since),
    ]
    rows = merge(*streams, key=lambda row: (order[row.schedule_id], row.generation, row.order))
    settled = (row for row in rows if row.generation <= generations[row.schedule_id])
    for (schedule_id, number), found in groupby(settled, key=lambda row: (row.schedule_id, row.generation)):
        yield _gathered(schedule_id, number, found)


def _gathered(schedule_id: str, number: int, rows: Iterable[Row]) -> Generation:
    generation = Generation(schedule_id, number, None, array("q"), [])
    for row in rows:
        match row:
            case Epoch():
                generation.epoch = row
            case RunTimes():
                generation.times = row.times
            case Missed():
                generation.missed.append(row.record)
    return generation


def _epochs(schedule_ids: Iterable[str], since: datetime | None) -> Iterator[Row]:
    epochs = CadenceEpoch.objects.filter(schedule_id__in=schedule_ids).order_by("schedule_id", "generation")
    if since is not None:
        epochs = epochs.exclude(ended_at__lt=since)
    columns = ("schedule_id", "generation", "began_at", "ended_at", "type", "expression")
    return (Epoch(*row) for row in _streamed(epochs, (*columns, "schedule__next_fire__fire_time")))


def _runs(schedule_ids: Iterable[str], since: datetime | None) -> Iterator[Row]:
    """Asks for no more than the unique key holds: then the database need not look at the runs themselves."""
    runs = Run.objects.filter(schedule_id__in=schedule_ids, fire_time__isnull=False)
    if since is not None:
        runs = runs.filter(fire_time__gt=since)
    read = rows_postgresql.run_times if is_postgresql() else _run_times
    return (RunTimes(*row) for row in read(runs))


def _run_times(runs: QuerySet[Run]) -> Iterator[tuple[str, int, "array[int]"]]:
    key = ("schedule_id", "generation", "fire_time")
    rows = _streamed(runs.order_by(*key), key)
    for (schedule_id, generation), found in groupby(rows, key=lambda row: row[:2]):
        yield schedule_id, generation, array("q", [to_microseconds(row[2]) for row in found])


def _missed(schedule_ids: Iterable[str], since: datetime | None) -> Iterator[Row]:
    missed = MissedFiring.objects.filter(schedule_id__in=schedule_ids)
    if since is not None:
        missed = missed.filter(last_fire_time__gt=since)
    columns = ("schedule_id", "generation", "first_fire_time", "last_fire_time", "count")
    for schedule_id, generation, first, last, count in _streamed(missed.order_by(*columns[:3]), columns):
        yield Missed(schedule_id, generation, Record(first, last, count, is_run=False))


def _streamed(rows: QuerySet[Any], columns: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    return rows.values_list(*columns).iterator(chunk_size=_ROWS_AT_ONCE)
