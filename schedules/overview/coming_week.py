"""The coming week as the front page shows it: how much fires in each hour, and which schedules those are."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from schedules.expressions import InvalidExpression, parse
from schedules.expressions.instants import from_microseconds
from schedules.models import EVERYWHERE, ComingLoad, NextFire, ScheduleType
from schedules.overview.coming_load import HOUR, HOURS, CadenceGroup
from schedules.overview.reach import Reach

MOST_EXPRESSIONS: Final = 100
"""By which schedules are looked for; the most frequent."""


@dataclass(frozen=True, slots=True)
class Herd:
    """Many schedules at one instant."""

    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class ComingHour:
    """How often schedules fire in an hour, and the largest herd in it."""

    at: datetime
    count: int
    herd: Herd | None


@dataclass(frozen=True, slots=True)
class ComingWeek:
    """168 hours. `partly_count`: schedules of which only the next fire time is counted."""

    hours: list[ComingHour]
    partly_count: int
    counted_at: datetime


def coming_week(reach: Reach) -> ComingWeek | None:
    """As last worked out; None: not yet."""
    rows = list(_rows(reach).defer("cadences"))
    if not rows:
        return None
    first = max(row.first_hour for row in rows)
    counts, herds = Counter[datetime](), defaultdict[datetime, list[Herd]](list)
    for row in rows:
        for place, count in enumerate(row.hours):
            counts[row.first_hour + place * HOUR] += count
        for place, (second, count) in row.herds.items():
            at = row.first_hour + int(place) * HOUR
            herds[at].append(Herd(at + timedelta(seconds=second), count))
    hours = [
        ComingHour(at, counts[at], _largest(herds[at])) for at in (first + n * HOUR for n in range(HOURS))
    ]
    return ComingWeek(hours, sum(row.partly_count for row in rows), min(row.counted_at for row in rows))


def _largest(herds: list[Herd]) -> Herd | None:
    """Of several workspaces: those at one second are one herd."""
    sums = Counter[datetime]()
    for herd in herds:
        sums[herd.at] += herd.count
    return max((Herd(at, count) for at, count in sums.items()), key=lambda each: each.count, default=None)


def _rows(reach: Reach) -> "QuerySet[ComingLoad]":
    seen = [EVERYWHERE] if reach.workspaces is None else reach.workspaces
    return ComingLoad.objects.filter(workspace_id__in=seen)


@dataclass(frozen=True, slots=True)
class FiringCadence:
    """An expression that fires in a span: at these instants (the earliest of each hour), so many schedules."""

    type: str
    expression: str
    instants: tuple[datetime, ...]
    count: int


def cadences_firing(reach: Reach, first: datetime, end: datetime) -> list[FiringCadence]:
    """The expressions of the coming week that fire from `first` on and before `end`; most schedules first."""
    counts, instants = Counter[tuple[str, str]](), defaultdict[tuple[str, str], set[datetime]](set)
    for group in _stored(reach):
        if within := _instants(group, first, end):
            key = group.type, group.expression
            counts[key] += group.count
            instants[key].update(within)
    return [FiringCadence(*key, tuple(sorted(instants[key])), count) for key, count in counts.most_common()]


def _instants(group: CadenceGroup, first: datetime, end: datetime) -> list[datetime]:
    try:
        return group.instants(end, first)
    except InvalidExpression:
        return []


def _stored(reach: Reach) -> Iterator[CadenceGroup]:
    for row in _rows(reach).only("cadences"):
        for type_, expression, first_fire, is_together, count in row.cadences:
            at = from_microseconds(first_fire)
            yield CadenceGroup(row.workspace_id, type_, expression, at, is_together, count)


def schedules_firing(
    reach: Reach, firing: list[FiringCadence], first: datetime, end: datetime, now: datetime, most: int
) -> list[NextFire]:
    """The next fires in the span, then those of schedules that fire in it later on: `most` in all."""
    found = list(_reached(reach, Q(fire_time__gte=first, fire_time__lt=end))[:most])
    later = _next_fires_of(firing, now) if len(found) < most else {}
    if later:
        theirs = Q(type=ScheduleType.CRON, expression__in=later, fire_time__in=set(later.values()))
        others = _reached(reach, theirs).exclude(fire_time__gte=first, fire_time__lt=end)
        found += others[: most - len(found)]
    return found


def _next_fires_of(firing: list[FiringCadence], now: datetime) -> dict[str, datetime]:
    """By expression: all schedules with the same cron expression fire next at the same instant, an index finds it."""
    patterns = [each.expression for each in firing if each.type == ScheduleType.CRON][:MOST_EXPRESSIONS]
    following = {text: parse(ScheduleType.CRON, text).next_after(now) for text in patterns}
    return {text: at for text, at in following.items() if at is not None}


def _reached(reach: Reach, theirs: Q) -> Any:
    found: Any = NextFire.objects.filter(theirs).select_related("schedule__agent", "schedule__workspace")
    found = found.defer("schedule__payload")
    return found if reach.workspaces is None else found.filter(schedule__workspace__in=reach.workspaces)
