"""Runs that are there to be attempted, and their attempts."""

from typing import Any

from django.db import connection

from schedules.database.clock import database_now
from schedules.models import Agent, Run
from schedules.runs import claiming
from schedules.runs.claimed import Claimed
from tests.agent_server import AgentServer
from tests.factories import make_run, make_schedule
from workers.heartbeat import heartbeat
from workers.tasks import execute_run


def pending_run(agent: Agent, **schedule: Any) -> Run:
    """A run of a new schedule of the agent, which may start now."""
    now = database_now()
    return make_run(make_schedule(agent, now=now, **schedule), not_before=now)


def executed(run: Run) -> Run:
    """The run after a message about it came."""
    execute_run(run.id, run.generation)
    return Run.objects.get(id=run.id)


def executed_in_thread(run: Run, seen: list[str]) -> None:
    """In a thread of its own; the run's state then."""
    seen.append(executed(run).state)
    connection.close()


def posts(server: AgentServer) -> list[dict[str, Any]]:
    """The calls that the agent got."""
    return [call for call in server.calls() if call.get("method") == "POST"]


def claimed_run(agent: Agent, **schedule: Any) -> Claimed:
    """A run of a new schedule, claimed by this process."""
    keeper = heartbeat()
    run = pending_run(agent, **schedule)
    claimed = claiming.claim(run.id, 1, keeper.worker, None, keeper.lease)
    assert isinstance(claimed, Claimed)
    return claimed
