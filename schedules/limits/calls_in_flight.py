"""How many calls an agent and a workspace may have in flight at one time, and how many they have.

In flight is each running attempt whose lease has not ended. A claim takes its slot in the transaction that starts the
run, so there are never more than the limit, however many workers claim at once.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, Sum

from schedules.database.choice import is_postgresql
from schedules.database.clock import database_now
from schedules.models import Agent, ProcessKind, ProcessRegistration, Run, RunState

REMEMBERED_SECONDS: Final = 2.0
"""How long a process remembers how many threads there are; each worker says so every few seconds."""

AGENT, WORKSPACE = "agent", "workspace"
FREE: Final = "free"

_threads: tuple[float, int] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The most calls in flight of an agent and of its workspace; None: as many as there are."""

    agent: int | None
    workspace: int | None


@dataclass(frozen=True, slots=True)
class Full:
    """Why a run has to wait: its agent, or its workspace, has `count` of `limit` calls in flight."""

    owner: str
    count: int
    limit: int

    def __str__(self) -> str:
        return f"its {self.owner} has {self.count} of {self.limit} calls in flight"


def default_limits() -> Limits:
    """For who has none of its own: room is left for other agents, and for other workspaces."""
    return limits_of_threads(thread_count())


def limits_of_threads(count: int) -> Limits:
    """Pure part: half of the threads for an agent, three quarters for a workspace, at least one."""
    return Limits(max(1, count // 2), max(1, count * 3 // 4))


def thread_count() -> int:
    """The threads of all live workers; of one like this process while none has registered."""
    global _threads
    now = time.monotonic()
    if _threads is None or now - _threads[0] > REMEMBERED_SECONDS:
        _threads = now, _registered_threads()
    return _threads[1] or int(settings.ORQ.worker_threads)


def forget_thread_count() -> None:
    """The next one who wants to know reads it anew."""
    global _threads
    _threads = None


def _registered_threads() -> int:
    alive = ProcessRegistration.objects.alive(database_now()).filter(kind=ProcessKind.WORKER)
    return int(alive.aggregate(threads=Sum("thread_count"))["threads"] or 0)


def limits_of(agent: Agent) -> Limits:
    """What holds for an agent whose workspace is loaded."""
    default = default_limits()
    return Limits(
        effective(agent.max_in_flight, default.agent),
        effective(agent.workspace.max_in_flight, default.workspace),
    )


def effective(own: int | None, default: int | None) -> int | None:
    """Pure: one's own limit, where 0 is none; without one the default."""
    return default if own is None else own or None


def take_slot(agent: Agent, now: datetime) -> Full | None:
    """Keep a slot until the end of this transaction, which starts a run; why there is none, None: it is kept.

    On PostgreSQL claims of the same agent and workspace wait here for each other; SQLite has one writer anyway.
    """
    limits = limits_of(agent)
    if limits == Limits(None, None):
        return None
    if is_postgresql():
        state = _free_slot(agent, limits, now)
        return None if state == FREE else full_a_moment_ago(agent, state)
    return why_full(agent, now, limits)


def _free_slot(agent: Agent, limits: Limits, now: datetime) -> str:
    values: list[Any] = [agent.workspace_id, agent.id, limits.workspace, limits.agent, now]
    with connection.cursor() as cursor:
        cursor.execute("SELECT schedules_free_slot(%s, %s, %s, %s, %s, true, true)", values)
        return str(cursor.fetchone()[0])


def full_a_moment_ago(agent: Agent, owner: str) -> Full:
    """What a claim was refused for, although a call may have ended since."""
    limits = limits_of(agent)
    limit = (limits.agent if owner == AGENT else limits.workspace) or 0
    return Full(owner, limit, limit)


def why_full(agent: Agent, now: datetime, limits: Limits | None = None) -> Full | None:
    """What keeps a run of this agent from starting now, as far as slots are concerned."""
    limits = limits or limits_of(agent)
    counts = in_flight(agent, now)
    for owner, limit in ((AGENT, limits.agent), (WORKSPACE, limits.workspace)):
        if limit is not None and counts[owner] >= limit:
            return Full(owner, counts[owner], limit)
    return None


class Waits:
    """Why due runs have not started, as it was when the first was asked about: one look for each agent."""

    def __init__(self, now: datetime | None = None) -> None:
        """`now`: None is the database's clock."""
        self._now = now
        self._by_agent: dict[str, Full | None] = {}

    def why(self, run: Run) -> Full | None:
        """Who is full, if the run waits for a slot."""
        if run.state != RunState.PENDING:
            return None
        self._now = self._now or database_now()
        if run.not_before > self._now:
            return None
        agent = Agent.objects.select_related("workspace").get(schedules=run.schedule_id)
        if agent.id not in self._by_agent:
            self._by_agent[agent.id] = why_full(agent, self._now)
        return self._by_agent[agent.id]


def in_flight(agent: Agent, now: datetime) -> Mapping[str, int]:
    """How many calls the agent, and its whole workspace, have in flight at `now`."""
    running = Run.objects.filter(
        workspace=agent.workspace_id, state=RunState.RUNNING, lease_expires_at__gt=now
    )
    return running.aggregate(agent=Count("pk", filter=Q(agent=agent.id)), workspace=Count("pk"))
