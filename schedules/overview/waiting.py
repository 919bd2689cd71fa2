"""Who waits for whom: of each agent the runs that wait, the oldest of them, and the calls it has in flight.

Bounded: of each agent so many waiting runs are counted, by an index that holds no others.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, DateTimeField, Exists, IntegerField, OuterRef
from django.db.models.expressions import RawSQL

from schedules.models import Agent, Run, RunState
from schedules.overview.reach import Reach

MOST_COUNTED: Final = 10_000
MOST_AGENTS: Final = 200

_OF_AGENT: Final = (
    "(SELECT not_before FROM schedules_run WHERE state = 'pending'"
    " AND workspace_id = schedules_agent.workspace_id AND agent_id = schedules_agent.id"
    " ORDER BY redispatch_at LIMIT %s) AS waiting"
)
_COUNT: Final = f"SELECT count(*) FROM {_OF_AGENT}"  # noqa: S608  (texts of our own)
_OLDEST: Final = f"SELECT min(not_before) FROM {_OF_AGENT}"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Backlog:
    """`waiting_count`: as far as it is counted; `oldest`: since when, or from when on, the first could start."""

    waiting_count: int = 0
    oldest: datetime | None = None
    in_flight_count: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether more may wait than were counted."""
        return self.waiting_count >= MOST_COUNTED


def backlogs_of(agent_ids: Collection[str]) -> dict[str, Backlog]:
    """By agent; two questions, however many there are."""
    waiting = Agent.objects.filter(pk__in=agent_ids).order_by()
    counted = waiting.annotate(
        waiting_count=RawSQL(_COUNT, [MOST_COUNTED], IntegerField()),  # noqa: S611
        oldest=RawSQL(_OLDEST, [MOST_COUNTED], DateTimeField()),  # noqa: S611
    )
    in_flight = _in_flight(agent_ids)
    return {
        agent_id: Backlog(count, oldest, in_flight.get(agent_id, 0))
        for agent_id, count, oldest in counted.values_list("pk", "waiting_count", "oldest")
    }


def _in_flight(agent_ids: Collection[str]) -> dict[str, int]:
    running = Run.objects.filter(state=RunState.RUNNING, agent__in=agent_ids).order_by()
    return dict(running.values("agent").annotate(count=Count("pk")).values_list("agent", "count"))


def agents_waited_for(reach: Reach) -> list[Agent]:
    """The agents that runs wait for, each with its workspace; MOST_AGENTS at most."""
    waiting = Run.objects.pending().filter(workspace=OuterRef("workspace"), agent=OuterRef("pk"))
    found: Any = Agent.objects.filter(Exists(waiting)).select_related("workspace")
    if reach.workspaces is not None:
        found = found.filter(workspace__in=reach.workspaces)
    return list(found[:MOST_AGENTS])


def in_flight_of_workspaces(workspace_ids: Collection[UUID]) -> dict[UUID, int]:
    """By workspace: the calls that all of its agents have in flight."""
    running = Run.objects.filter(state=RunState.RUNNING, workspace__in=workspace_ids).order_by()
    return dict(running.values("workspace").annotate(count=Count("pk")).values_list("workspace", "count"))
