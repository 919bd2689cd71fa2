"""A schedule's type and expression as the fields of a stock `PeriodicTask`."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule

TASK = "tests.proofs.chaos.stock.tasks.call_agent"
NONE = {"clocked": None, "crontab": None, "interval": None, "one_off": False, "last_run_at": None}


class Passed(Exception):
    """The instant of a once schedule is over."""


def task_fields(agent: str, subject: str) -> dict[str, Any]:
    """What a schedule runs; its name is the subject."""
    return {"name": subject, "task": TASK, "kwargs": json.dumps({"agent": agent, "subject": subject})}


def cadence_fields(type_: str, expression: str, now: datetime) -> dict[str, Any]:
    """When it runs, counted from `now`; makes the row of its cadence. Passed: never."""
    if type_ == "once":
        return NONE | _once(datetime.fromisoformat(expression.removeprefix("@at ")), now)
    if type_ == "interval":
        return NONE | _interval(int(expression.removeprefix("@every ").removesuffix("h")), now)
    return NONE | _crontab(expression.split()[:3], now)


def _once(instant: datetime, now: datetime) -> dict[str, Any]:
    if instant <= now:
        raise Passed
    clocked, _ = ClockedSchedule.objects.get_or_create(clocked_time=instant)
    return {"clocked": clocked, "one_off": True}


def _interval(hours: int, now: datetime) -> dict[str, Any]:
    interval, _ = IntervalSchedule.objects.get_or_create(every=hours, period=IntervalSchedule.HOURS)
    return {"interval": interval, "last_run_at": now}


def _crontab(fields: list[str], now: datetime) -> dict[str, Any]:
    """Runs at the whole minute that follows; `now` moves with it, so that the cadence is the same, only later."""
    second, minute, hour = fields
    delay = timedelta(seconds=-int(second) % 60)
    known_hour = 0 if hour == "*" else int(hour)
    moved = datetime(2000, 1, 1, known_hour, int(minute), int(second), tzinfo=UTC) + delay
    at = {"minute": str(moved.minute), "hour": hour if hour == "*" else str(moved.hour), "timezone": "UTC"}
    crontab, _ = CrontabSchedule.objects.get_or_create(**at)
    return {"crontab": crontab, "last_run_at": now + delay}
