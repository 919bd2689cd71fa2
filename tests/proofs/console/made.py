"""Schedules with a past, made beside a running service by the verbs themselves."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.up_service import Service

MAKE = """
import json
from datetime import timedelta
from schedules import editing
from schedules.database.clock import database_now
from schedules.editing import NewSchedule
from schedules.models import Agent, NextFire
from django.db import transaction
asked = json.loads({asked!r})
agent = Agent.objects.get(key=asked.pop("agent"))
now = database_now() - timedelta(days=asked.pop("days"))
count = asked.pop("count")
new = NewSchedule(**asked)
with transaction.atomic():  # no beat finds it due for all these days
    made = [editing.create(agent, new, "user_demo", now) for _ in range(count)]
    for schedule in made:
        NextFire.objects.filter(pk=schedule.pk).update(fire_time=schedule.cadence.next_after(database_now()))
print(" ".join(schedule.pk for schedule in made))
"""
DELETE = """
from schedules import editing
from schedules.database.clock import database_now
for schedule_id in {ids!r}:
    editing.delete(schedule_id, "user_demo", database_now())
"""


@contextmanager
def made_schedules(service: Service, count: int = 1, days: int = 0, **fields: Any) -> Iterator[list[str]]:
    """Ids of schedules that began so many days ago; deleted at the end of the block."""
    new = {"agent": "daily-briefing", "type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hi"}}
    asked = json.dumps(new | {"count": count, "days": days} | fields)
    ids = service.shell(MAKE.format(asked=asked)).split()
    try:
        yield ids
    finally:
        service.shell(DELETE.format(ids=ids))


def page_of(schedule_id: str) -> str:
    """Where its page is."""
    return f"/console/schedules/schedule/{schedule_id}/change/"
