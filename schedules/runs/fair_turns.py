"""Which of the waiting runs are sent next: workspaces take turns, and no agent gets more than it has free slots.

The queue is kept short and everything else waits in the database. So a herd of one workspace never stands before
another's run, and a run whose agent is saturated does not go round as a message that every worker refuses.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain, islice, zip_longest
from uuid import UUID

from schedules.limits.calls_in_flight import in_flight, limits_of
from schedules.models import Agent, Run
from schedules.models.run import RunQuerySet

MOST_DOUBLINGS = 3
"""A run is redispatched after at most eight times the first wait: the queue's limit already prevents storms."""


NONE_ENDED: Mapping[str, int] = {}


def next_runs(now: datetime, wait: timedelta, limit: int, ended: Mapping[str, int] = NONE_ENDED) -> list[Run]:
    """Lock up to `limit` due runs that no message is under way for, with schedule and agent, in their turns.

    `wait`: how long a message may be under way before it seems lost. `ended`: how many calls of each agent have just
    ended, and so how many messages go ahead of free slots.
    """
    by_workspace: dict[UUID | None, list[Run]] = {}
    owners = Run.objects.to_redispatch(now).order_by().values_list("workspace_id", "agent_id").distinct()
    for workspace_id, agent_id in owners:
        of_workspace = by_workspace.setdefault(workspace_id, [])
        of_workspace.extend(_of_agent(agent_id, now, wait, limit, ended.get(agent_id or "", 0)))
    within = [_within_workspace(runs, now, wait, ended) for runs in by_workspace.values() if runs]
    return list(islice(in_turns(sorted(filter(None, within), key=lambda runs: runs[0].redispatch_at)), limit))


def in_turns(of_workspaces: Iterable[list[Run]]) -> Iterator[Run]:
    """Pure: the first of each workspace, then the second of each, and so on."""
    return (run for run in chain.from_iterable(zip_longest(*of_workspaces)) if run is not None)


def _of_agent(agent_id: str | None, now: datetime, wait: timedelta, limit: int, ahead: int) -> list[Run]:
    """Its oldest waiting runs, as many as it has free slots. One of an old process has no agent, and no limit yet."""
    due = (
        Run.objects.to_redispatch(now)
        .filter(agent=agent_id)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("schedule__agent__workspace")
        .order_by("redispatch_at", "id")
    )
    agent = Agent.objects.select_related("workspace").filter(id=agent_id).first()
    if agent is None:
        return list(due[:limit])
    under_way = _under_way(now, wait).filter(agent=agent)
    free = _free(limits_of(agent).agent, in_flight(agent, now)["agent"] - ahead, under_way)
    return list(due[: limit if free is None else min(free, limit)])


def _within_workspace(runs: list[Run], now: datetime, wait: timedelta, ended: Mapping[str, int]) -> list[Run]:
    """Those of one workspace, the oldest first, as many as it has free slots."""
    agent = runs[0].schedule.agent
    messages = _under_way(now, wait).filter(workspace=agent.workspace_id)
    ahead = sum(ended.get(agent_id, 0) for agent_id in {run.schedule.agent_id for run in runs})
    free = _free(limits_of(agent).workspace, in_flight(agent, now)["workspace"] - ahead, messages)
    return sorted(runs, key=lambda run: (run.redispatch_at, run.id))[:free]


def _free(limit: int | None, in_flight_count: int, under_way: RunQuerySet) -> int | None:
    return None if limit is None else max(0, limit - in_flight_count - under_way.count())


def _under_way(now: datetime, wait: timedelta) -> RunQuerySet:
    """Due runs whose message was sent and may still arrive: each will take a slot."""
    latest = now + wait * 2**MOST_DOUBLINGS
    return Run.objects.claimable(now).filter(redispatch_at__gt=now, redispatch_at__lte=latest)
