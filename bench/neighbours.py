"""Two workspaces on the same workers: how late are one's runs, one a second, while the other has a herd or hangs?"""

import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from bench import measuring, population
from bench.measuring import percentile
from bench.processes import beat, wait_for, worker
from bench.reporting import Report
from bench.servers import Servers
from bench.slow_agent import slow_agent
from schedules.models import Agent, ProcessKind, ProcessRegistration, Run, Workspace

THREADS = 20
WORKERS = 2
LEAD_SECONDS = 6.0
HANGING = 400
"""Of twenty threads a worker: ten times as many as there are."""
SECONDS_OF_A_CALL = 15.0


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Lateness of the one run a second: alone, beside a herd, beside calls that hang; all with default limits."""
    columns = ("the other workspace", "its runs", "runs", "p50, s", "p99, s", "worst, s")
    report = Report("neighbours", columns, measuring.machine())
    seconds, herd, hanging = (10, 500, 60) if is_quick else (120, 10_000, HANGING)
    busy, single = population.make_agent(), _neighbour()
    Agent.objects.update(max_in_flight=None)
    Workspace.objects.update(max_in_flight=None)
    report.row("nothing", 0, *_lateness(servers, busy, single, 0, seconds))
    report.row("a herd in one second", herd, *_lateness(servers, busy, single, herd, seconds))
    with slow_agent(servers.folder, SECONDS_OF_A_CALL) as server:
        Agent.objects.filter(id=busy.id).update(runtime="responses", base_url=server.url)
        name = f"calls of {SECONDS_OF_A_CALL:g} s, due in one second"
        report.row(name, hanging, *_lateness(servers, busy, single, hanging, seconds))
        most = server.counts[1]
    limit = WORKERS * THREADS // 2
    assert most <= limit, f"{most} calls in flight of {limit}"
    report.note(
        f"{WORKERS} workers of {THREADS} threads, one beat, the default limits: at most {most} of the slow calls were"
        f" in flight at one time, of {limit}. Fire time to claim; each run of the one a second started: counted."
    )
    return report


def _neighbour() -> Agent:
    workspace = Workspace.objects.create(name="neighbour")
    return Agent.objects.create(workspace=workspace, key="single", runtime="echo")


def _lateness(
    servers: Servers, busy: Agent, single: Agent, count: int, seconds: int
) -> tuple[int, float, float, float]:
    """(runs; p50, p99 and worst seconds) of the neighbour; the other's herd comes due in its fourth second."""
    population.clear()
    ProcessRegistration.objects.all().delete()  # those that were killed a moment ago count as alive for a while
    servers.broker(0).flushdb()
    with ExitStack() as stack:
        for number in range(WORKERS):
            stack.enter_context(worker(servers.folder, THREADS, f"worker-{number}"))
        stack.enter_context(beat(servers.folder))
        wait_for(lambda: _worker_count() == WORKERS, 30, "the workers' first sign")
        begins_at = datetime.fromtimestamp(int(time.time() + LEAD_SECONDS + count / 2_000), UTC)
        population.make_stream(single, 1, seconds, begins_at)
        if count:
            population.make_schedules(busy, count, begins_at + timedelta(seconds=3), first=1_000_000)
        assert time.time() < begins_at.timestamp(), "filling took too long"
        wait_for(
            lambda: _started(single) == seconds, LEAD_SECONDS + seconds + 60, "the neighbour's runs", 0.5
        )
    times = Run.objects.filter(agent=single).values_list("started_at", "fire_time")
    late = sorted((started - fired).total_seconds() for started, fired in times if started and fired)
    assert len(late) == seconds, f"{len(late)} runs, not {seconds}"
    return seconds, percentile(late, 50), percentile(late, 99), late[-1]


def _worker_count() -> int:
    return ProcessRegistration.objects.filter(kind=ProcessKind.WORKER).count()


def _started(agent: Agent) -> int:
    return Run.objects.filter(agent=agent, started_at__isnull=False).count()
