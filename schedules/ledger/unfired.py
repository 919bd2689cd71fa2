"""Next fires that no beat fires: held for good, due for hours, or not there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import F, Q, QuerySet

from schedules.expressions.instants import rfc3339
from schedules.ledger.findings import Finding, Problem
from schedules.ledger.scope import Scope
from schedules.models import NextFire, Schedule

DUE_FOR: Final = timedelta(hours=6)
"""A fire time that has been due for longer is reported; beats are seldom away so long."""

SUSPENDED_FOR: Final = timedelta(hours=1)
"""Beats suspend a schedule for minutes; whatever is suspended further ahead was not suspended by one."""

_LAST: Final = datetime.max.replace(tzinfo=UTC)


def overdue(scope: Scope) -> Iterator[Finding]:
    """Due for too long, whatever keeps beats from firing it; not those of `held`."""
    due = _possible(scope).filter(fire_time__lte=scope.now - DUE_FOR).exclude(_suspended_for_good(scope))
    columns = ("schedule_id", "generation", "fire_time", "suspended_until")
    for schedule_id, generation, at, suspended_until in (
        due.order_by("fire_time").values_list(*columns).iterator()
    ):
        why = "its cadence cannot be computed" if suspended_until else "no beat has come to it"
        yield Finding(schedule_id, generation, at, Problem.OVERDUE, f"due and not fired: {why}")


def held(scope: Scope) -> Iterator[Finding]:
    """Suspended for good, at a time that no cadence has, or lacking although the schedule is active."""
    yield from _suspended(scope)
    yield from _impossible(scope)
    active = Schedule.objects.filter(is_active=True, next_fire=None, **scope.of("id")).exclude(epoch_count=0)
    for schedule_id, generation in active.order_by("id").values_list("id", "generation").iterator():
        yield Finding(schedule_id, generation, None, Problem.HELD, "active, but it has no next fire")


def _suspended(scope: Scope) -> Iterator[Finding]:
    rows = _possible(scope).filter(_suspended_for_good(scope)).order_by("schedule_id")
    columns = ("schedule_id", "generation", "fire_time", "suspended_until")
    for schedule_id, generation, at, until in rows.values_list(*columns).iterator():
        yield Finding(schedule_id, generation, at, Problem.HELD, f"suspended until {rfc3339(until)}")


def _impossible(scope: Scope) -> Iterator[Finding]:
    rows = NextFire.objects.filter(_is_impossible(), **scope.of("schedule_id")).order_by("schedule_id")
    for schedule_id, generation in rows.values_list("schedule_id", "generation").iterator():
        yield Finding(
            schedule_id, generation, None, Problem.HELD, "the next fire is no time that a cadence can have"
        )


def _possible(scope: Scope) -> "QuerySet[NextFire]":
    return NextFire.objects.exclude(_is_impossible()).filter(**scope.of("schedule_id"))


def _is_impossible() -> Q:
    return Q(fire_time__lte=F("anchor_at")) | Q(fire_time__gte=_LAST)


def _suspended_for_good(scope: Scope) -> Q:
    return Q(suspended_until__gt=scope.now + SUSPENDED_FOR)
