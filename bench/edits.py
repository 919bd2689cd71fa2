"""From an edit to its effect, and due fires while people edit a hundred times a second."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from statistics import median

import httpx2
import psycopg
import redis

from bench import contenders, measuring, population
from bench.arrivals import Arrivals, next_message
from bench.contenders import Peer
from bench.processes import beat, web
from bench.reporting import Report
from bench.servers import Servers
from orqsite.broker import QUEUE
from schedules import api_keys, editing
from schedules.database.clock import database_now
from schedules.models import Agent, CadenceEpoch, Run, Scope

CLIENTS = 16
PATCHES_A_SECOND = 100
FIRES_A_SECOND = 20
NOTHING_SENT_AGAIN = {"redispatch_seconds": "3600"}
"""No worker takes the runs here: a beat would think their messages lost."""

LEAD_SECONDS = 6.0
"""From filling to the first due second: the processes start meanwhile."""


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Edit to effect of ours and of django-celery-beat at two sizes; then the storm of PATCHes."""
    report = Report("edits", ("what", "schedules", "median, s", "worst, s", "counted"), measuring.machine())
    agent = population.make_agent()
    for count in (1_000, 20_000 if is_quick else 1_000_000):
        _row(report, "ours, edit to effect", count, _ours(servers, agent, count, 5 * rounds))
    stock = contenders.stock(servers)
    for count in (1_000, 5_000 if is_quick else 100_000):
        _row(report, "django-celery-beat, edit to effect", count, _stock(servers, stock, count, rounds))
    _storm(report, servers, agent, 5_000 if is_quick else 100_000, seconds=10 if is_quick else 60)
    report.note(
        "An edit asks for the next whole second (ours) or for now (django-celery-beat: an overdue task);"
        " measured from that instant, or from the edit's return if it came later, to the message."
    )
    return report


def _row(report: Report, what: str, count: int, delays: Sequence[float]) -> None:
    report.row(what, count, median(delays), max(delays), f"{len(delays)} edits, one message each")


def _ours(servers: Servers, agent: Agent, count: int, edits: int) -> list[float]:
    """Seconds from each edit's effective instant to its message, of a real beat."""
    population.clear()
    population.make_schedules(agent, count, _next_day())
    population.settle()
    broker = servers.broker(0)
    broker.flushdb()
    with beat(servers.folder, **NOTHING_SENT_AGAIN):
        delays = [
            _effect(broker, QUEUE, lambda: _edit(random.randint(1, count)))  # noqa: S311
            for _ in range(edits)
        ]
    assert Run.objects.count() == edits, "each edit fires its schedule once"
    return delays


def _edit(number: int) -> float:
    """Change a cadence so that it fires at the next whole second (one that is still to come); that instant."""
    time.sleep(random.random())  # noqa: S311 - at any phase of the beat
    now = database_now()
    fire_time = (now + timedelta(seconds=1.2)).replace(microsecond=0)
    expression = population.expressions_due_at(fire_time)[0]
    editing.update(population.schedule_id(number), {"expression": expression}, "bench", now)
    return max(fire_time.timestamp(), time.time())


def _effect(broker: "redis.Redis", queue: str, edit: Callable[[], float]) -> float:
    effective_at = edit()
    next_message(broker, queue, patience=300)
    return max(0.0, time.time() - effective_at)


def _stock(servers: Servers, stock: Peer, count: int, edits: int) -> list[float]:
    """The same of django-celery-beat: an edit that makes a task overdue, marked as its own save() marks it."""
    stock.fill(count, datetime.now(UTC) + timedelta(minutes=50))
    stock.broker.flushdb()
    with psycopg.connect(stock.database_url, autocommit=True) as database, stock.running():
        time.sleep(contenders.START_SECONDS + count / 10_000)

        def edit(number: int) -> float:
            database.execute(
                "UPDATE django_celery_beat_periodictask SET last_run_at = now() - interval '2 hours'"
                " WHERE args = %s",
                [f"[{number}]"],
            )
            database.execute("UPDATE django_celery_beat_periodictasks SET last_update = now()")
            return time.time()

        delays = [_effect(stock.broker, stock.queue, lambda n=n: edit(n)) for n in range(edits)]  # type: ignore[misc]
    assert stock.broker.llen(stock.queue) == 0, "each edit fires its task once"
    return delays


def _storm(report: Report, servers: Servers, agent: Agent, count: int, seconds: int) -> None:
    """PATCHes through a real web server at a steady pace, fires going on; how late is the latest of them?"""
    population.clear()
    population.make_schedules(agent, count, _next_day())
    population.settle()
    token = api_keys.issue(agent.workspace, scope=Scope.WRITE).token
    servers.broker(0).flushdb()
    begins_at = datetime.fromtimestamp(int(time.time() + LEAD_SECONDS + 1), UTC)
    population.make_stream(agent, FIRES_A_SECOND, seconds, begins_at, first=count + 1)
    with (
        Arrivals(servers.broker(0), QUEUE) as arrivals,
        beat(servers.folder, **NOTHING_SENT_AGAIN),
        web(servers.folder) as url,
        httpx2.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        ) as client,
    ):
        latencies = _patches(client, agent, count, begins_at.timestamp(), seconds)
        rate = len(latencies) / (time.time() - begins_at.timestamp())
        time.sleep(3)
    fired = dict(Run.objects.values_list("id", "fire_time"))
    assert set(fired) == set(arrivals.at), "one message a run"
    assert len(fired) == arrivals.message_count == seconds * FIRES_A_SECOND
    assert CadenceEpoch.objects.count() == len(latencies), "every PATCH has begun a cadence"
    lateness = [
        arrivals.at[run_id] - fire_time.timestamp() for run_id, fire_time in fired.items() if fire_time
    ]
    what = f"fires' lateness at {rate:.0f} PATCH/s"
    report.row(what, count, median(lateness), max(lateness), f"{len(fired):,} runs and messages")
    report.row(
        "PATCH through gunicorn", count, median(latencies), max(latencies), f"{len(latencies):,} times 200"
    )


def _patches(client: httpx2.Client, agent: Agent, count: int, begins_at: float, seconds: int) -> list[float]:
    """Change another schedule's cadence every hundredth of a second; seconds of each answer from when it was due."""
    tomorrow = _next_day() + timedelta(hours=1)
    expressions = population.expressions_due_at(tomorrow)

    def patch(number: int) -> float:
        due = begins_at + number / PATCHES_A_SECOND
        time.sleep(max(0.0, due - time.time()))
        path = f"/v3/agents/{agent.key}/schedules/{population.schedule_id(1 + number % count)}"
        answer = client.patch(path, json={"expression": expressions[1 + number % 3]})
        assert answer.status_code == 200, answer.text
        return time.time() - due

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(patch, range(seconds * PATCHES_A_SECOND)))


def _next_day() -> datetime:
    """A whole hour nobody reaches during the benchmark."""
    return database_now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
