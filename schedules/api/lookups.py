"""From the names in a path to what they mean for one key: nothing of another workspace is ever found."""

import re
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from schedules.agents import find_agent
from schedules.api import lookups_postgresql
from schedules.database.choice import is_postgresql
from schedules.database.ulids import is_ulid
from schedules.errors import AgentNotFound, RunNotFound, ScheduleNotFound
from schedules.models import Agent, ApiKey, Run, Schedule
from schedules.models.agent import AGENT_KEY
from schedules.models.run import RunQuerySet

Rows = TypeVar("Rows", bound=QuerySet[Any])

# A name of another form belongs to nothing; a database may not even take it (a NUL byte is an error of PostgreSQL).
_AGENT_KEY: Final = re.compile(AGENT_KEY)


def agent_of(key: ApiKey, agent_key: str) -> Agent:
    """The agent of this key in the API key's workspace; AgentNotFound."""
    if not _AGENT_KEY.fullmatch(agent_key):
        raise AgentNotFound
    agent = find_agent(key.workspace, agent_key)
    if not key.reaches(agent.id):
        raise AgentNotFound
    return agent


def require_reach(key: ApiKey, agent_key: str) -> None:
    """AgentNotFound for a key that is limited to other agents: it must not get the answer of another's request."""
    if key.agent_ids is not None:
        agent_of(key, agent_key)


def schedule_of(key: ApiKey, agent_key: str, schedule_id: str) -> Schedule:
    """The live schedule of that agent; ScheduleNotFound, also when there is no such agent."""
    if not (_AGENT_KEY.fullmatch(agent_key) and is_ulid(schedule_id)):
        raise ScheduleNotFound
    find = lookups_postgresql.find if is_postgresql() else find_schedule
    schedule = find(key.workspace_id, agent_key, schedule_id)
    if schedule is None or not key.reaches(schedule.agent_id):
        raise ScheduleNotFound
    return schedule


def find_schedule(workspace_id: UUID, agent_key: str, schedule_id: str) -> Schedule | None:
    """The live schedule of that agent, its agent loaded, on any database."""
    return (
        Schedule.objects.live()
        .select_related("agent", "next_fire")
        .filter(id=schedule_id, agent__workspace=workspace_id, agent__key=agent_key, agent__deleted_at=None)
        .first()
    )


def schedules_within(key: ApiKey, agent_key: str | None) -> QuerySet[Schedule]:
    """The schedules of the key's workspace, or of one agent of it, that the key reaches; AgentNotFound."""
    return _within(key, agent_key, Schedule.objects.filter(agent__deleted_at=None))


def runs_within(key: ApiKey, agent_key: str | None, conditions: Q) -> RunQuerySet:
    """The runs of the key's workspace, or of one agent of it, that the key reaches; AgentNotFound.

    Those of deleted schedules and agents too: they are part of what has happened. `conditions`: what else is asked
    of them; without any, the index of all runs begins with the workspace, also for one agent.
    """
    rows = _within(key, agent_key, Run.objects.filter(conditions))
    return rows if conditions else rows.filter(workspace=key.workspace_id)


def _within(key: ApiKey, agent_key: str | None, rows: Rows) -> Rows:
    if agent_key is not None:
        return rows.filter(agent=agent_of(key, agent_key).id)
    rows = rows.filter(workspace=key.workspace_id)
    return rows if key.agent_ids is None else rows.filter(agent__in=key.agent_ids)


def run_of(schedule: Schedule, run_id: str) -> Run:
    """The run of that schedule; RunNotFound."""
    if not is_ulid(run_id):
        raise RunNotFound
    run = schedule.runs.filter(id=run_id).first()
    if run is None:
        raise RunNotFound
    return run
