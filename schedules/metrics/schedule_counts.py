"""Counts that need a look at every schedule: a beat counts once a minute, whoever asks reads what it wrote."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, QuerySet, Value, When

from schedules import holds
from schedules.models import Run, RunState, Schedule, ScheduleCount

EVERY: Final = timedelta(minutes=1)
ACTIVE, HELD, PAUSED, FINISHED, FAILING = "active", "held", "paused", "finished", "failing"


def refresh(now: datetime) -> bool:
    """Count anew what was counted a minute ago; False: it is fresh. Two beats may do so at once, without harm."""
    newest = ScheduleCount.objects.aggregate(newest=Max("counted_at"))["newest"]
    if newest is not None and now - EVERY < newest <= now:
        return False
    _store([*_by_state(now), *_failing()], now)
    return True


@transaction.atomic
def _store(counted: list[tuple[Any, str, int]], now: datetime) -> None:
    ScheduleCount.objects.bulk_create(
        [
            ScheduleCount(workspace_id=workspace_id, state=state, count=count, counted_at=now)
            for workspace_id, state, count in sorted(counted, key=str)
        ],
        update_conflicts=True,
        unique_fields=["workspace_id", "state"],
        update_fields=["count", "counted_at"],
    )
    ScheduleCount.objects.exclude(counted_at=now).delete()


def _by_state(now: datetime) -> "QuerySet[Any]":
    held = _held(now)
    state = Case(
        *([] if held is None else [When(held, is_active=True, then=Value(HELD))]),
        When(is_active=True, then=Value(ACTIVE)),
        When(is_finished=True, then=Value(FINISHED)),
        default=Value(PAUSED),
    )
    counted = Schedule.objects.live().order_by().values("workspace_id", its_state=state)
    return counted.annotate(count=Count("id")).values_list("workspace_id", "its_state", "count")


def _held(now: datetime) -> Q | None:
    """What any hold in force stops; None: there is none."""
    found = holds.in_force(now)
    if any(hold.workspace_id is None for hold in found):
        return Q(pk__isnull=False)
    agents = {hold.agent_id for hold in found if hold.agent_id is not None}
    workspaces = {hold.workspace_id for hold in found if hold.agent_id is None}
    return Q(agent_id__in=agents) | Q(workspace_id__in=workspaces) if found else None


def _failing() -> "QuerySet[Any]":
    """Live schedules whose last failure no success has followed; found from the failures, which are few."""
    last = Run.objects.filter(state=RunState.FAILED).order_by().values("schedule_id").annotate(last=Max("id"))
    success = Run.objects.filter(
        schedule=OuterRef("schedule_id"), id__gt=OuterRef("id"), state=RunState.SUCCEEDED
    )
    failing = Run.objects.filter(
        ~Exists(success), id__in=last.values("last"), schedule__deleted_at=None
    ).order_by()
    counted = failing.values(its=F("schedule__workspace_id")).annotate(count=Count("id"))
    return counted.values_list("its", Value(FAILING), "count")
