"""Run now: what one trigger costs the process that takes it, beside an ORM insert and a plain apply_async."""

import time
from collections.abc import Callable
from datetime import timedelta

from celery import current_app
from django.utils import timezone

from bench import measuring, population
from bench.reporting import Report
from bench.servers import Servers
from schedules import dispatch, firing
from schedules.clock import database_now
from schedules.models import TRIGGER_DELAY, Run, Schedule, TriggerKind
from schedules.ulids import new_ulid


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """CPU of the trigger verb and of the plain way."""
    count = 200 if is_quick else 2_000
    population.make_schedules(population.make_agent(), 100, database_now() + timedelta(hours=1))
    schedules = list(Schedule.objects.all())
    ways = {
        "trigger": lambda: _cpu(lambda number: firing.trigger(schedules[number % 100].id), count),
        "ORM insert and apply_async": lambda: _cpu(lambda number: _plain(schedules[number % 100]), count),
    }
    cost = measuring.interleaved(ways, rounds)
    report = Report("trigger", ("way", "CPU of one, ms", "range", "of the plain way"), measuring.machine())
    plain = cost["ORM insert and apply_async"].median
    for name, series in cost.items():
        report.row(name, series.median, series.spread, f"{series.median / plain:.2f}")
    queued = servers.broker(0).llen(current_app.conf.task_default_queue)
    report.note(f"{Run.objects.count():,} runs and {queued:,} messages, counted: one each.")
    return report


def _cpu(call: Callable[[int], object], count: int) -> float:
    """Milliseconds of this process's CPU a call."""
    for number in range(20):
        call(number)
    started = time.process_time()
    for number in range(count):
        call(number)
    return (time.process_time() - started) / count * 1000


def _plain(schedule: Schedule) -> None:
    """What an author writes without a scheduler: insert a row and send its message; nothing is looked up."""
    now = timezone.now()
    row = Run.objects.create(
        id=new_ulid(),
        schedule=schedule,
        generation=schedule.generation,
        trigger=TriggerKind.MANUAL,
        not_before=now + TRIGGER_DELAY,
        redispatch_at=now + TRIGGER_DELAY,
    )
    message = current_app.signature(dispatch.EXECUTE_RUN, args=(row.id, row.generation), immutable=True)
    message.apply_async(countdown=TRIGGER_DELAY.total_seconds())
