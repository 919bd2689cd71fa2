"""Run now: what one trigger costs the process that takes it, beside an ORM insert and a plain apply_async.

And how long after its ten seconds a run starts when people trigger hundreds a second.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

from celery import Celery, current_app
from django.db import connection
from django.utils import timezone

from bench import measuring, population
from bench.measuring import percentile
from bench.plain_worker import plain_app
from bench.processes import beat, wait_for, worker
from bench.reporting import Report
from bench.servers import Servers
from schedules.database.clock import database_now
from schedules.database.ulids import new_ulid
from schedules.limits import quotas
from schedules.messages import dispatch
from schedules.models import TRIGGER_DELAY, Agent, Run, RunState, Schedule, TriggerKind
from schedules.triggering import run_now

THREADS = 16


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """CPU of the trigger verb and of the plain way."""
    count = 200 if is_quick else 2_000
    population.make_schedules(population.make_agent(), 100, database_now() + timedelta(hours=1))
    schedules = list(Schedule.objects.all())
    app = plain_app()
    ways = {
        "trigger": lambda: _cpu(lambda number: _trigger(schedules[number % 100]), count),
        "ORM insert and apply_async": lambda: _cpu(
            lambda number: _plain(app, schedules[number % 100]), count
        ),
    }
    cost = measuring.interleaved(ways, rounds)
    report = Report("trigger", ("way", "CPU of one, ms", "range", "of the plain way"), measuring.machine())
    plain = cost["ORM insert and apply_async"].median
    for name, series in cost.items():
        report.row(name, series.median, series.spread, f"{series.median / plain:.2f}")
    queued = servers.broker(0).llen(current_app.conf.task_default_queue)
    report.note(f"{Run.objects.count():,} runs and {queued:,} messages, counted: one each.")
    for workers in (1, 2):
        report.note(_lateness(servers, workers, *((50, 4) if is_quick else (300, 30))))
    return report


def _lateness(servers: Servers, workers: int, per_second: int, seconds: int) -> str:
    """Triggers at a steady pace from four threads: how long after its 10 s does each run start?"""
    population.clear()
    servers.broker(0).flushdb()
    agent, count = Agent.objects.get(), per_second * seconds
    population.make_schedules(agent, count, database_now() + timedelta(hours=1))
    with ExitStack() as stack:
        for number in range(workers):
            stack.enter_context(worker(servers.folder, THREADS, f"worker-{number}"))
        stack.enter_context(beat(servers.folder))
        begins_at = time.time() + 3
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: _trigger_at(begins_at + n / per_second, 1 + n), range(count)))
        wait_for(lambda: Run.objects.filter(state=RunState.SUCCEEDED).count() == count, 60, "all runs", 0.5)
    runs = Run.objects.values_list("started_at", "not_before")
    late = sorted((started_at - due).total_seconds() for started_at, due in runs if started_at)
    assert len(late) == Schedule.objects.filter(trigger_count=1).count() == count, "each started once"
    return (
        f"{per_second} triggers/s for {seconds} s, {workers} worker processes: started after the 10 s"
        f" p50 {percentile(late, 50):.3f} s, p99 {percentile(late, 99):.3f} s, worst {late[-1]:.3f} s."
    )


def _trigger_at(moment: float, number: int) -> None:
    time.sleep(max(0.0, moment - time.time()))
    try:
        run_now.trigger(population.schedule_id(number))
    finally:
        connection.close()


def _cpu(call: Callable[[int], object], count: int) -> float:
    """Milliseconds of this process's CPU a call."""
    for number in range(20):
        call(number)
    started = time.process_time()
    for number in range(count):
        call(number)
    return (time.process_time() - started) / count * 1000


def _trigger(schedule: Schedule) -> None:
    """As the API does it, which has looked the schedule up."""
    run_now.trigger(schedule.id, owners=quotas.Owners(schedule.workspace_id, schedule.agent_id))


def _plain(app: Celery, schedule: Schedule) -> None:
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
    message = app.signature(dispatch.EXECUTE_RUN, args=(row.id, row.generation), immutable=True)
    message.apply_async(countdown=TRIGGER_DELAY.total_seconds())
