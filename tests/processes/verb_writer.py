"""A process that does one verb after another until it is killed: `python -m tests.processes.verb_writer NAME`.

What it has done stands in its output: a line for each verb, and the trace of each that failed.
"""

import itertools
import os
import sys
import time
import traceback
from datetime import timedelta

import django
from django.db import DatabaseError


def write_for_ever(name: str) -> None:
    """Create, trigger, edit, claim, finish and delete, over and over."""
    from tests.factories import make_agent

    agent = make_agent(key=name)
    for number in itertools.count():
        try:
            _one_life(agent, number)
        except DatabaseError:
            traceback.print_exc()


def _one_life(agent: object, number: int) -> None:
    from schedules import editing
    from schedules.database.clock import database_now
    from schedules.models import Agent, Run
    from schedules.runs import claiming, finishing
    from schedules.triggering import run_now
    from tests.factories import make_schedule

    assert isinstance(agent, Agent)
    schedule = make_schedule(agent, database_now())
    run = run_now.trigger(schedule.id, database_now())
    Run.objects.filter(id=run.id).update(not_before=database_now())
    claiming.claim(run.id, run.generation, agent.key, database_now(), timedelta(seconds=15))
    finishing.succeed(run.id, 1, database_now())
    editing.update(schedule.id, {"expression": f"0 {number % 60} * * * *"}, "apk_test", database_now())
    editing.delete(schedule.id, "apk_test", database_now())
    print("create", "trigger", "wait", "claim", "finish", "edit", "delete", flush=True)
    time.sleep(0.03)  # so that the others get their turn as well


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orqsite.settings")
    django.setup()
    write_for_ever(sys.argv[1])
