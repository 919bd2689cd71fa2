"""Which holds reach what: for claims and triggers, for whoever shows a schedule, and for firing."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from schedules.database.clock import recent_now
from schedules.expressions import InvalidExpression
from schedules.models import Agent, Hold, HoldScope, Schedule

_WIDEST_FIRST: Final = (HoldScope.EVERYTHING, HoldScope.WORKSPACE, HoldScope.AGENT)
_REMEMBERED: Final = "_holds"


def in_force(now: datetime) -> list[Hold]:
    """All of them, the widest first."""
    rows = Hold.objects.in_force(now).select_related("workspace", "agent")
    return sorted(rows, key=lambda row: _WIDEST_FIRST.index(HoldScope(row.scope)))


def is_held(workspace_id: UUID, agent_id: str, now: datetime) -> bool:
    """Whether anything stops the agent now."""
    return Hold.objects.in_force(now).reaching(workspace_id, agent_id).exists()


def stopping(workspace_id: UUID, agent_id: str, created_at: datetime, now: datetime) -> bool:
    """Whether a run of the agent that was made at `created_at` may not start.

    Held; or a hold that has ended found it waiting, and no beat has come to discard it.
    """
    is_left = Q(ended_at__isnull=False, began_at__gt=created_at)
    is_now = Q(ended_at=None) & (Q(until_at=None) | Q(until_at__gt=now))
    is_over = Q(ended_at=None, until_at__lte=now, began_at__gt=created_at)
    watched = Hold.objects.reaching(workspace_id, agent_id).filter(is_watched=True)
    return watched.filter(is_now | is_left | is_over).exists()


def of_schedule(schedule: Schedule) -> Sequence[Hold]:
    """The holds in force that reach it, the widest first; read once for each object unless remembered."""
    if not hasattr(schedule, _REMEMBERED):
        remember([schedule])
    found: Sequence[Hold] = getattr(schedule, _REMEMBERED)
    return found


def remember(schedules: Iterable[Schedule]) -> None:
    """Read the holds of all of these at one go, as if they had been loaded with them."""
    holds = in_force(recent_now())
    for schedule in schedules:
        reached = [row for row in holds if row.reaches(schedule.workspace_id, schedule.agent_id)]
        setattr(schedule, _REMEMBERED, reached)


def remember_none(schedule: Schedule) -> None:
    """As if it had been loaded with the holds that reach it, of which there are none."""
    setattr(schedule, _REMEMBERED, ())


def of_agents(agents: Iterable[Agent]) -> dict[str, Hold]:
    """By id of the agent: the widest hold in force that reaches it."""
    holds = in_force(recent_now())
    reaching = {
        agent.id: next((row for row in holds if row.reaches(agent.workspace_id, agent.id)), None)
        for agent in agents
    }
    return {agent_id: row for agent_id, row in reaching.items() if row is not None}


def of_workspace(workspace_id: UUID) -> Hold | None:
    """The widest hold in force that stops all of a workspace."""
    rows = in_force(recent_now())
    return next(
        (row for row in rows if row.agent_id is None and row.workspace_id in (None, workspace_id)), None
    )


def next_fire_under(schedule: Schedule) -> datetime | None:
    """When it fires next; under holds the first fire time when all of them are over, None where one has no end."""
    fire_time, ends = schedule.next_fire_at, [row.until_at for row in of_schedule(schedule)]
    until = max((end for end in ends if end is not None), default=None)
    if fire_time is None or until is None or None in ends:
        return None if ends else fire_time
    if fire_time >= until:
        return fire_time
    try:
        return schedule.cadence.next_after(until - datetime.resolution)
    except InvalidExpression:
        return None
