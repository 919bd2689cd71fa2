"""Many schedules, none due: what a tick costs, what a beat process needs, how fast it starts."""

import time
from collections.abc import Callable
from datetime import timedelta

from bench import measuring, population
from bench.measuring import Series
from bench.processes import beat, memory_mib
from bench.reporting import Report
from bench.servers import Servers
from orqsite.celery import app
from schedules.database.clock import database_now
from schedules.models import Agent, Run
from workers.beat import ScheduleBeat

SETTLED_SECONDS = 4.0
"""After its start a beat makes a few ticks, and recovers twice, before its memory is read."""


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """The same at 1,000 and at 1,000,000 schedules."""
    columns = ("schedules", "fire and recover, ms", "whole tick, ms", "start, s", "RSS, MiB", "PSS, MiB")
    report = Report("idle", columns, measuring.machine())
    agent = population.make_agent()
    for count in (1_000, 20_000 if is_quick else 1_000_000):
        _fill(agent, count)
        ticks = _ticks(20 if is_quick else 200, rounds)
        starts, rss, pss = _beats(servers, rounds)
        report.row(count, *(tick.median for tick in ticks), starts.median, rss.median, pss.median)
    assert not Run.objects.exists(), "something was due"
    assert servers.broker(0).llen(app.conf.task_default_queue) == 0, "something was sent"
    report.note(
        "Medians; a tick in a process that holds the database connection. No run, no message: counted."
    )
    return report


def _fill(agent: Agent, count: int) -> None:
    population.clear()
    tomorrow = database_now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    population.make_schedules(agent, count, tomorrow)
    population.settle()


def _ticks(count: int, rounds: int) -> tuple[Series, Series]:
    """Milliseconds of the part that fires and recovers, and of the whole tick."""
    scheduler = ScheduleBeat(app=app)
    part, whole = Series(), Series()
    for _ in range(rounds):
        part.values += _timed(scheduler._fire_and_recover, count)  # noqa: SLF001 - the part under test
        whole.values += _timed(scheduler.tick, count)
    scheduler.close()
    return part, whole


def _timed(call: Callable[[], object], count: int) -> list[float]:
    call()
    return [_milliseconds(call) for _ in range(count)]


def _milliseconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def _beats(servers: Servers, rounds: int) -> tuple[Series, Series, Series]:
    """Of a real process: seconds from its launch to the end of its first tick, and its memory."""
    starts, rss, pss = Series(), Series(), Series()
    for _ in range(rounds):
        launched = time.perf_counter()
        with beat(servers.folder) as child:
            starts.values.append(time.perf_counter() - launched)
            time.sleep(SETTLED_SECONDS)
            for series, value in zip((rss, pss), memory_mib(child), strict=True):
                series.values.append(value)
    return starts, rss, pss
