"""The batch in Django's ORM, for SQLite and any database: a few statements a batch.

SQLite knows no row locks: its transactions take the one write lock at BEGIN, which is stronger.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Case, F, When

from schedules.firing.batch import FIRST_INSTANT, LAST_INSTANT, DueSchedule, Firing
from schedules.firing.ending import advance, finish
from schedules.models import (
    DiscardReason,
    MissedFiring,
    MissedReason,
    NextFire,
    Run,
    RunState,
    Schedule,
    TriggerKind,
)

_CHUNK = 500  # rows of one INSERT: SQLite limits the parameters of a statement


class PortableFireBatch:
    """FireBatch with the ORM."""

    def take_due(self, now: datetime, limit: int) -> list[DueSchedule]:
        due = NextFire.objects.due(now).select_for_update(skip_locked=True, no_key=True)
        columns = ("schedule_id", "generation", "type", "expression")
        rows = due.values_list(*columns, _if_instant("anchor_at"), _if_instant("fire_time"))
        return [DueSchedule(*row) for row in rows[:limit]]

    def record(
        self, firings: Sequence[Firing], now: datetime, grace: timedelta, *, ignore_existing: bool
    ) -> None:
        owners = _owners([firing.schedule.id for firing in firings])
        Run.objects.bulk_create(
            (_run(firing, owners[firing.schedule.id], now, grace) for firing in firings),
            batch_size=_CHUNK,
            ignore_conflicts=True,
        )
        _discard_replaced(firings, now)
        MissedFiring.objects.bulk_create(
            (_missed(firing, now) for firing in firings if firing.times.missed_count),
            batch_size=_CHUNK,
            ignore_conflicts=True,
        )
        following = {firing.schedule.id: firing.times.following for firing in firings}
        finish({each.schedule.id: each.run_id for each in firings if each.times.following is None})
        advance({schedule_id: at for schedule_id, at in following.items() if at is not None})


def _if_instant(column: str) -> Case:
    """NULL for what no datetime can hold."""
    return Case(When(**{f"{column}__gte": FIRST_INSTANT, f"{column}__lte": LAST_INSTANT}, then=F(column)))


def _discard_replaced(firings: Sequence[Firing], now: datetime) -> None:
    """One UPDATE per distinct generation and fire time; usually nothing waits, and there is none."""
    waiting = Run.objects.late_and_waiting().filter(schedule__in=[firing.schedule.id for firing in firings])
    schedules = set(waiting.values_list("schedule_id", flat=True))
    by_times: dict[tuple[int, datetime], list[str]] = {}
    for firing in firings:
        if firing.schedule.id in schedules:
            key = firing.schedule.generation, firing.times.newest
            by_times.setdefault(key, []).append(firing.schedule.id)
    for (generation, newest), ids in by_times.items():
        Run.objects.late_and_waiting().filter(
            schedule__in=ids, generation=generation, fire_time__lt=newest
        ).update(state=RunState.DISCARDED, reason=DiscardReason.COALESCED, finished_at=now)


class _Owner(NamedTuple):
    """Whose schedule it is."""

    agent_id: str
    workspace_id: UUID


def _owners(schedule_ids: list[str]) -> dict[str, _Owner]:
    rows = Schedule.objects.filter(id__in=schedule_ids).values_list("id", "agent_id", "workspace_id")
    return {schedule_id: _Owner(agent_id, workspace_id) for schedule_id, agent_id, workspace_id in rows}


def _run(firing: Firing, owner: _Owner, now: datetime, grace: timedelta) -> Run:
    return Run(
        id=firing.run_id,
        schedule_id=firing.schedule.id,
        agent_id=owner.agent_id,
        workspace_id=owner.workspace_id,
        generation=firing.schedule.generation,
        trigger=TriggerKind.CADENCE,
        fire_time=firing.times.newest,
        is_misfire=firing.times.is_misfire,
        not_before=firing.times.not_before,
        created_at=now,
        redispatch_at=firing.redispatch_at(now, grace),
    )


def _missed(firing: Firing, now: datetime) -> MissedFiring:
    return MissedFiring(
        schedule_id=firing.schedule.id,
        generation=firing.schedule.generation,
        first_fire_time=firing.times.first,
        last_fire_time=firing.times.last_missed or firing.times.first,
        count=firing.times.missed_count,
        reason=MissedReason.COALESCED,
        recorded_at=now,
    )
