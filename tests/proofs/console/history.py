"""More history than the demo's: failures of an agent of a story's own."""

from typing import Final

from tests.up_service import Service

_FAILURES: Final = """
from datetime import timedelta
from schedules import agents, editing
from schedules.database.clock import database_now
from schedules.editing import NewSchedule
from schedules.management.demo_history import LEASE, Unreachable
from schedules.models import Agent, Workspace
from schedules.runs import claiming, finishing
from schedules.triggering import run_now
from django.db import transaction

@transaction.atomic  # a worker that saw a run in between would be quicker
def fail():
    now = database_now()
    agent = Agent.objects.create(workspace=Workspace.objects.get(name="Demo"), key="{key}", runtime="echo")
    agents.add_version(agent, "v1", activate=True)
    for number in range({count}):
        new = NewSchedule("cron", "0 5 4 1 1 *", dict(input="Go on"), display_name=f"{key} {{number}}")
        schedule = editing.create(agent, new, "story", now)
        run = run_now.trigger(schedule.id, now - timedelta(minutes=1))
        claimed = claiming.claim(run.id, run.generation, "story", database_now(), LEASE)
        finishing.fail(claimed, Unreachable(), database_now())

fail()
"""


def make_failures(service: Service, key: str, count: int) -> None:
    """An agent with so many schedules, each of which has just failed; run again, they succeed."""
    service.shell(_FAILURES.format(key=key, count=count))
