"""A steady stream of fires to an agent that answers at once: from the fire time to a worker's claim."""

import time
from contextlib import ExitStack
from datetime import UTC, datetime

from bench import measuring, population
from bench.measuring import percentile
from bench.processes import beat, cpu_seconds, wait_for, worker
from bench.reporting import Report
from bench.servers import Servers
from orqsite.broker import QUEUE
from schedules.models import Agent, Run, RunState, Schedule

THREADS = 16
LEAD_SECONDS = 4.0
"""From filling to the first due second."""


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """200 fires/s for 120 s with one worker process and with two; `rounds` would repeat 24,000 measurements."""
    per_second, seconds = (50, 5) if is_quick else (200, 120)
    columns = ("worker processes", "fires/s", "runs", "p50, s", "p99, s", "worst, s", "CPU of a run, ms")
    report = Report("steady", columns, measuring.machine())
    agent = population.make_agent()
    for workers in (1, 2):
        report.row(workers, per_second, *stream(servers, agent, per_second, seconds, workers))
    report.note("Fire time to claim (started_at - fire_time), every run succeeded, no message left: counted.")
    return report


def stream(
    servers: Servers, agent: Agent, per_second: int, seconds: int, workers: int = 1
) -> tuple[int, float, float, float, float]:
    """(runs; p50, p99 and worst seconds from fire time to claim; milliseconds of worker CPU a run), all counted."""
    population.clear()
    servers.broker(0).flushdb()
    count = per_second * seconds
    with ExitStack() as stack:
        children = [
            stack.enter_context(worker(servers.folder, THREADS, f"worker-{number}"))
            for number in range(workers)
        ]
        stack.enter_context(beat(servers.folder))
        begins_at = datetime.fromtimestamp(int(time.time() + LEAD_SECONDS + count / 2_000), UTC)
        population.make_stream(agent, per_second, seconds, begins_at)
        assert time.time() < begins_at.timestamp(), "filling took too long"
        time.sleep(begins_at.timestamp() - time.time())
        before = sum(map(cpu_seconds, children))
        time.sleep(seconds)
        wait_for(lambda: _succeeded() == count, 30, f"{count} runs to succeed", pause=0.5)
        cost = sum(map(cpu_seconds, children)) - before
    assert servers.broker(0).llen(QUEUE) == 0
    assert Schedule.objects.filter(trigger_count=1).count() == count, "each schedule has started once"
    lateness = sorted(
        (started_at - fire_time).total_seconds()
        for started_at, fire_time in Run.objects.values_list("started_at", "fire_time")
        if started_at and fire_time
    )
    return count, percentile(lateness, 50), percentile(lateness, 99), lateness[-1], cost / count * 1000


def _succeeded() -> int:
    return Run.objects.filter(state=RunState.SUCCEEDED).count()
