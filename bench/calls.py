"""A thousand agent calls in flight in one worker process, beside plain Celery tasks and an asyncio prototype."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from django.db import connection

from bench import heartbeat_statements, population, waves
from bench.asyncio_worker import COST
from bench.measuring import Series, interleaved, machine
from bench.plain_worker import PlainWorker
from bench.processes import memory_mib, process, worker
from bench.reporting import Report
from bench.servers import Servers
from bench.slow_agent import SlowAgent, slow_agent
from orqsite.embedded.children import Child
from schedules.models import Agent, Run, Schedule

OURS, ASYNCIO = "ours", "asyncio prototype"
TASKS = {"plain task, httpx2": "call_httpx", "plain task, requests": "call_requests"}
HEARTBEAT_SECONDS = 3.0
"""The product's default."""


@dataclass
class Peak:
    """The most that was seen of a process while its calls were in flight."""

    calls: int = 0
    rss: float = 0.0
    connections: int = 0


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """CPU a call, in turns; of the product also calls in flight, memory, connections and heartbeats."""
    count, delay = (200, 3.0) if is_quick else (1_000, 10.0)
    plain = PlainWorker(servers)
    with slow_agent(servers.folder, delay) as server:
        agent = population.make_agent("responses", base_url=server.url)
        heartbeat_statements.count_from_now()
        with _workers(servers, plain, count) as (ours, theirs):
            report = _side_by_side(agent, server, plain, ours, theirs, count, rounds)
        _of_asyncio(report, servers, agent, server, count)
        calls = server.counts[2]
    with slow_agent(servers.folder, 4 * delay) as server:
        Agent.objects.update(base_url=server.url)
        _of_asyncio(report, servers, agent, server, 5 * count)
        calls += server.counts[2]
    report.note(
        f"The last row's agent answers after {4 * delay:g} s: of calls of {delay:g} s a core starts as many as end"
        " before that many are in flight."
    )
    runs = Run.objects.count()
    assert waves.succeeded() == runs == Schedule.objects.filter(trigger_count=1).count()
    report.note(f"{runs:,} runs succeeded, each started once; {calls:,} calls at the agent: counted.")
    report.note(COST)
    return report


@contextmanager
def _workers(servers: Servers, plain: PlainWorker, threads: int) -> Iterator[tuple[Child, Child]]:
    with worker(servers.folder, threads) as ours, plain.running(threads) as theirs:
        yield ours, theirs


def _side_by_side(
    agent: Agent, server: SlowAgent, plain: PlainWorker, ours: Child, theirs: Child, count: int, rounds: int
) -> Report:
    waves.warm_up(agent, ours)
    plain.wave(theirs, "call_httpx", server, 20)
    peaks = {name: Peak() for name in (OURS, *TASKS)}
    idle = {OURS: memory_mib(ours)[0], **dict.fromkeys(TASKS, memory_mib(theirs)[0])}
    contenders = {OURS: partial(_watched, peaks[OURS], ours, server, lambda: waves.wave(agent, ours, count))}
    for name, task in TASKS.items():
        work = partial(plain.wave, theirs, task, server, count)
        contenders[name] = partial(_watched, peaks[name], theirs, server, work)
    cost = interleaved(contenders, rounds)
    columns = ("way", "in flight", "CPU of one, ms", "range", "MiB per 1,000", "database connections")
    report = Report("calls", columns, machine())
    for name, series in cost.items():
        _row(report, name, peaks[name], series, idle[name])
    cheapest = min(cost[name].median for name in TASKS)
    report.note(f"Ours is {cost[OURS].median / cheapest:.2f} × the cheaper plain task.")
    report.note(heartbeat_statements.statements_note(HEARTBEAT_SECONDS))
    return report


def _row(report: Report, name: str, peak: Peak, cost: Series, idle: float) -> None:
    memory = (peak.rss - idle) / peak.calls * 1000 if peak.calls else 0.0
    connections = peak.connections if name in (OURS, ASYNCIO) else "none"
    report.row(name, peak.calls, cost.median, cost.spread, memory, connections)


def _of_asyncio(report: Report, servers: Servers, agent: Agent, server: SlowAgent, count: int) -> None:
    """The prototype with `count` calls in flight."""
    log = servers.folder / "asyncio.log"
    with process(log, "-m", "bench.asyncio_worker", str(count), env={"PGAPPNAME": "worker"}) as child:
        waves.warm_up(agent, child)
        peak, idle = Peak(), memory_mib(child)[0]
        cost = Series([_watched(peak, child, server, lambda: waves.wave(agent, child, count))])
        _row(report, ASYNCIO, peak, cost, idle)


def _watched(peak: Peak, child: Child, server: SlowAgent, work: Callable[[], float]) -> float:
    """What `work` returns; meanwhile the process is looked at twice a second."""
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(_in_thread, work)
        while not working.done():
            peak.calls = max(peak.calls, server.counts[0])
            peak.rss = max(peak.rss, memory_mib(child)[0])
            peak.connections = max(peak.connections, _connections())
            time.sleep(0.5)
        return working.result()


def _in_thread(work: Callable[[], float]) -> float:
    try:
        return work()
    finally:
        connection.close()


def _connections() -> int:
    """Connections the workers' processes hold now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'worker'")
        return int(cursor.fetchone()[0])
