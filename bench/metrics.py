"""`/metrics` with 1,000,000 schedules and 5,000,000 runs: how long a scrape takes, and what the minute's count costs.

`make` is for whoever measures anything else at that size.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx2
from django.db import connection, transaction

from bench import history, measuring, population
from bench.measuring import Series, interleaved
from bench.processes import web
from bench.reporting import Report
from bench.servers import Servers
from schedules import tallies
from schedules.database.clock import database_now
from schedules.ledger.scope import Scope
from schedules.ledger.tallied import miscounted
from schedules.metrics import counters, exposition, gauges, schedule_counts
from schedules.models import Agent, HourTally, Run, TallyDelta, TallyTotal
from schedules.tallies.columns import KEY, insert_or_add
from schedules.tallies.ended import ended_rows
from schedules.tallies.periods import LONGEST
from tests.factories import make_agent

AGENTS = 200
DELTAS = 2_000
"""Runs that end in two seconds at a thousand a second: what may wait to be folded."""

PENDING = 1_000

_SPREAD = """
UPDATE schedules_schedule AS schedule SET agent_id = owner.id, workspace_id = owner.workspace_id
FROM (SELECT id, workspace_id, row_number() OVER (ORDER BY id) - 1 AS number FROM schedules_agent) AS owner
WHERE owner.number = right(schedule.id, 9)::bigint %% %s
"""


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """A scrape as Prometheus gets it, its parts, a fold and a recount."""
    schedules, runs = (10_000, 100_000) if is_quick else (1_000_000, 5_000_000)
    report = Report("metrics", ("what", "rows", "median, ms", "range"), measuring.machine())
    agent = make(servers, schedules, runs)
    size = f"{schedules:,} schedules, {runs:,} runs"
    for name, series in interleaved(_parts(agent), 5 * rounds, is_quiet=True).items():
        report.row(name, size, series.median, series.spread)
    _scrapes(report, servers, size, 5 * rounds)
    recount = Series([_timed(lambda: list(miscounted(Scope(database_now()))))()])
    report.row("a recount of the tallies (audit)", size, recount.median, recount.spread)
    _fold(report, agent, rounds)
    report.note(
        f"{TallyTotal.objects.count():,} totals and {HourTally.objects.count():,} hours of {AGENTS} agents."
    )
    return report


def make(servers: Servers, schedules: int, runs: int) -> Agent:
    """So many active schedules of AGENTS agents, none due, and a history that is counted; one of the agents."""
    agent = population.make_agent()
    for number in range(1, AGENTS):
        make_agent(agent.workspace, f"bench-{number}")
    now = database_now().replace(minute=0, second=0, microsecond=0)
    population.make_schedules(agent, schedules, now + timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute(_SPREAD, [AGENTS])
    began = time.perf_counter()
    history.make(servers.own_database, runs, now, min(schedules, runs // 500))
    print(f"  {runs:,} runs written in {time.perf_counter() - began:.0f} s", flush=True)
    _count()
    _open_runs(agent, now)
    population.settle()
    return agent


def _count() -> None:
    """What has ended, as the triggers would have counted it."""
    began = time.perf_counter()
    ended = f"FROM ({ended_rows()}) AS ended"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '256MB'")
        for model, key in ((HourTally, (*KEY, "hour")), (TallyTotal, KEY)):
            cursor.execute(
                insert_or_add(model._meta.db_table, key, ended),
                {"since": datetime(1970, 1, 1, tzinfo=UTC), "first_id": ""},
            )
    print(f"  counted in {time.perf_counter() - began:.0f} s", flush=True)


def _open_runs(agent: Agent, now: datetime) -> None:
    """Runs that wait, and deltas of some that have just ended."""
    schedule_ids = [population.schedule_id(number) for number in range(1, PENDING + DELTAS + 1)]
    Run.objects.bulk_create(
        Run(
            schedule_id=schedule_id,
            agent_id=agent.id,
            workspace_id=agent.workspace_id,
            generation=1,
            trigger="cadence",
            fire_time=now,
            not_before=now,
            redispatch_at=now + timedelta(days=1),
        )
        for schedule_id in schedule_ids
    )
    _end(schedule_ids[PENDING:])


def _end(schedule_ids: list[str]) -> None:
    now = database_now()
    Run.objects.pending().filter(schedule__in=schedule_ids).update(
        state="succeeded", started_at=now, attempt_started_at=now, finished_at=now
    )


def _parts(agent: Agent) -> dict[str, Callable[[], float]]:
    exposition.forget()

    def scraped() -> bytes:
        exposition.forget()
        return exposition.metrics()

    moments = (database_now() + timedelta(minutes=2 * number) for number in count())

    def counted_anew() -> bool:
        return schedule_counts.refresh(next(moments))

    now = database_now()
    quarter = tallies.period(now - LONGEST + timedelta(hours=1), now, now)

    return {
        "statistics of an agent, 92 days": _timed(lambda: tallies.agent_statistics(agent, quarter)),
        "a scrape, all of it": _timed(scraped),
        "counters": _timed(lambda: counters.counted(())),
        "counters by workspace and agent": _timed(lambda: counters.counted(("workspace", "agent"))),
        "what is due": _timed(lambda: gauges.due(database_now())),
        "the minute's count of schedules": _timed(counted_anew),
    }


def _timed(call: Callable[[], object]) -> Callable[[], float]:
    def milliseconds() -> float:
        began = time.perf_counter()
        call()
        return (time.perf_counter() - began) * 1000

    return milliseconds


def _scrapes(report: Report, servers: Servers, size: str, rounds: int) -> None:
    """Over HTTP, each a fresh one: whoever scrapes more often than that gets the one before."""
    os.environ["ORQ_METRICS"] = "open"
    with web(servers.folder) as url, httpx2.Client(base_url=url, trust_env=False) as client:
        series = Series()
        for _ in range(rounds):
            time.sleep(exposition.SECONDS + 0.1)
            began = time.perf_counter()
            answer = client.get("/metrics")
            series.values.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200
    report.row("GET /metrics over HTTP", size, series.median, series.spread)


def _fold(report: Report, agent: Agent, rounds: int) -> None:
    """What two seconds of a thousand runs each leave behind."""
    series = Series()
    while tallies.fold():
        pass
    for number in range(rounds):
        now = database_now()
        ids = [population.schedule_id(PENDING + place + 1) for place in range(DELTAS)]
        Run.objects.bulk_create(
            Run(
                schedule_id=schedule_id,
                agent_id=agent.id,
                workspace_id=agent.workspace_id,
                generation=2 + number,
                trigger="cadence",
                fire_time=now,
                not_before=now,
                redispatch_at=now + timedelta(days=1),
            )
            for schedule_id in ids
        )
        _end(ids)
        assert TallyDelta.objects.count() == DELTAS
        series.values.append(_timed(tallies.fold)())
    report.row("a fold", DELTAS, series.median, series.spread)
