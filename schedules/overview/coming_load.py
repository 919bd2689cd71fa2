"""What the cadences in force ask for in the coming week, worked out by a beat every few minutes.

Bounded, however many schedules there are: the database groups them by cadence, and of the groups with most schedules
each fire time is worked out, so many in all. The others count with their next fire time only; the row says how many.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Max, Min
from django.db.models.functions import TruncHour

from schedules.database.choice import is_postgresql
from schedules.expressions import InvalidExpression, parse
from schedules.expressions.instants import from_microseconds, to_microseconds
from schedules.models import EVERYWHERE, ComingLoad, NextFire, ScheduleType

EVERY: Final = timedelta(minutes=5)
HOUR: Final = timedelta(hours=1)
HOURS: Final = 168
HERD: Final = 20
"""So many schedules at one second are told of."""
MOST_CADENCES: Final = 2_000
MOST_FIRES: Final = 100_000
_WITH_ROOM: Final = "SET LOCAL work_mem = '128MB'"
"""For groups of hundreds of thousands of cadences."""
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class CadenceGroup:
    """Schedules of one workspace with one expression whose next fire time lies in one hour.

    `is_together`: they share that fire time, to the second; else `first_fire` is the earliest.
    """

    workspace_id: UUID
    type: str
    expression: str
    first_fire: datetime
    is_together: bool
    count: int

    def instants(self, end: datetime, first: datetime | None = None) -> list[datetime]:
        """Its fire times before `end`, from `first` on, or from the next one on; InvalidExpression."""
        first = max(first or self.first_fire, self.first_fire)
        own = [self.first_fire] if first <= self.first_fire < end else []
        if self.type == ScheduleType.ONCE:
            return own
        cadence = parse(self.type, self.expression).anchored_at(self.first_fire)
        after = max(self.first_fire, first - _MICROSECOND)
        return [*own, *map(from_microseconds, cadence.all_between(after, end - _MICROSECOND))]


@dataclass(slots=True)
class _Sums:
    """Of one workspace, or of all."""

    hours: list[int] = field(default_factory=lambda: [0] * HOURS)
    instants: Counter[datetime] = field(default_factory=Counter)
    cadences: list[list[Any]] = field(default_factory=list)
    partly_count: int = 0


def refresh(now: datetime, every: timedelta = EVERY) -> bool:
    """Work it out anew; False: it is fresh. Two beats may do so at once, without harm."""
    newest = ComingLoad.objects.aggregate(newest=Max("counted_at"))["newest"]
    if newest is not None and now - every < newest <= now:
        return False
    first_hour = now.replace(minute=0, second=0, microsecond=0)
    with transaction.atomic():
        if is_postgresql():
            with connection.cursor() as cursor:
                cursor.execute(_WITH_ROOM)
        sums = _worked_out(first_hour)
    _store(sums, first_hour, now)
    return True


def _worked_out(first_hour: datetime) -> dict[UUID, _Sums]:
    end = first_hour + HOURS * HOUR
    sums: dict[UUID, _Sums] = defaultdict(_Sums)
    sums[EVERYWHERE] = _Sums()
    rest = _by_next_fire(first_hour, end)
    budget = MOST_FIRES
    for group in _groups(first_hour, end):
        instants = _bounded_instants(group, end, budget)
        budget -= len(instants)
        if instants:
            rest[group.workspace_id, _hour(group.first_fire)] -= group.count
            for each in (sums[group.workspace_id], sums[EVERYWHERE]):
                _add(each, group, instants, first_hour)
    for (workspace_id, hour), count in rest.items():
        for each in (sums[workspace_id], sums[EVERYWHERE]):
            each.hours[(hour - first_hour) // HOUR] += count
            each.partly_count += count
    return sums


def _bounded_instants(group: CadenceGroup, end: datetime, budget: int) -> list[datetime]:
    """None where they are more than may be worked out yet, or cannot be."""
    try:
        instants = group.instants(end) if budget > 0 else []
    except InvalidExpression:
        return []
    return instants if len(instants) <= budget else []


def _add(sums: _Sums, group: CadenceGroup, instants: Iterable[datetime], first_hour: datetime) -> None:
    for instant in instants:
        sums.hours[(instant - first_hour) // HOUR] += group.count
        if group.is_together:
            sums.instants[instant] += group.count
    sums.cadences.append(
        [group.type, group.expression, to_microseconds(group.first_fire), group.is_together, group.count]
    )


def _groups(first: datetime, end: datetime) -> Iterator[CadenceGroup]:
    """Those with most schedules first."""
    coming = NextFire.objects.filter(fire_time__gte=first, fire_time__lt=end).order_by()
    keys = coming.values(
        "type", "expression", its=F("schedule__workspace_id"), hour=TruncHour("fire_time", tzinfo=UTC)
    )
    counted = keys.annotate(count=Count("pk"), earliest=Min("fire_time"), latest=Max("fire_time"))
    for row in counted.order_by("-count")[:MOST_CADENCES]:
        yield CadenceGroup(
            row["its"],
            row["type"],
            row["expression"],
            row["earliest"],
            row["earliest"] == row["latest"],
            row["count"],
        )


def _by_next_fire(first: datetime, end: datetime) -> Counter[tuple[UUID, datetime]]:
    coming = NextFire.objects.filter(fire_time__gte=first, fire_time__lt=end).order_by()
    keys = coming.values(its=F("schedule__workspace_id"), hour=TruncHour("fire_time", tzinfo=UTC))
    return Counter({(row["its"], row["hour"]): row["count"] for row in keys.annotate(count=Count("pk"))})


def _hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


@transaction.atomic
def _store(sums: dict[UUID, _Sums], first_hour: datetime, now: datetime) -> None:
    rows = [
        ComingLoad(
            workspace_id=workspace_id,
            first_hour=first_hour,
            hours=each.hours,
            herds=_herds(each.instants, first_hour),
            cadences=each.cadences,
            partly_count=each.partly_count,
            counted_at=now,
        )
        for workspace_id, each in sorted(sums.items())
    ]
    changed = ["first_hour", "hours", "herds", "cadences", "partly_count", "counted_at"]
    ComingLoad.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["workspace_id"], update_fields=changed
    )
    ComingLoad.objects.exclude(counted_at=now).delete()


def _herds(instants: Counter[datetime], first_hour: datetime) -> dict[str, list[int]]:
    """The largest of each hour."""
    largest: dict[int, tuple[int, int]] = {}
    for instant, count in instants.items():
        if count >= HERD:
            place, within = divmod(instant - first_hour, HOUR)
            largest[place] = max(largest.get(place, (0, 0)), (count, -within.seconds))
    return {str(place): [-second, count] for place, (count, second) in sorted(largest.items())}
