"""Growth: a herd among more and more schedules, a longer and longer history, and retention beside due fires."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count as counting

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from bench import contenders, history, measuring, population
from bench.arrivals import Arrivals
from bench.contenders import Ours
from bench.measuring import Series, interleaved
from bench.processes import beat
from bench.reporting import Report
from bench.servers import Servers
from orqsite.broker import QUEUE
from schedules import retention
from schedules.database.clock import database_now
from schedules.models import Agent, Run
from schedules.runs import claiming, finishing
from schedules.runs.claimed import Claimed
from tests.firing import fire

FIRES_A_SECOND = 20
BATCH = 200
"""Runs fired and claimed in one measurement beside a history."""

RETENTION_SECONDS = 900
"""Longer than retention takes: as many seconds of due fires are prepared."""


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Fires/s at three sizes; fire, claim and the console's lists at two lengths of history; retention."""
    report = Report("growth", ("what", "rows", "median", "range", "of the smallest"), measuring.machine())
    agent = population.make_agent()
    sizes = (1_000, 10_000, 20_000) if is_quick else (10_000, 100_000, 1_000_000)
    _among_many(report, servers, agent, sizes, rounds)
    lengths = (100_000, 1_000_000) if is_quick else (100_000, 20_000_000)
    ends_at = _this_hour()
    _after_long(report, servers, agent, ends_at, lengths, 5 * rounds)
    _retention(report, servers, agent, ends_at, lengths[-1])
    return report


def _among_many(report: Report, servers: Servers, agent: Agent, sizes: tuple[int, ...], rounds: int) -> None:
    """The same herd, of the smallest size, among more and more schedules that are not due."""
    measured: dict[int, Series] = {}
    for size in sizes:
        population.clear()
        population.make_schedules(agent, size, _next_day())
        ours = _Few(servers, agent, size)
        herds = {f"among {size:,}": lambda ours=ours: contenders.herd(ours, sizes[0], 60).rate}
        [measured[size]] = interleaved(herds, rounds).values()
    for size, series in measured.items():
        ratio = series.median / measured[sizes[0]].median
        report.row(f"fires/s, {sizes[0]:,} due", size, series.median, series.spread, f"{ratio:.2f} ×")


class _Few(Ours):
    """Ours, where only some of the schedules come due, spread over all of them."""

    def __init__(self, servers: Servers, agent: Agent, size: int) -> None:
        super().__init__(servers, agent)
        self._size = size

    def fill(self, count: int, due_at: datetime) -> None:
        """Every so manieth comes due."""
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE schedules_run CASCADE")
        step = self._size // count
        ids = [population.schedule_id(number) for number in range(step, self._size + 1, step)]
        population.make_due(ids, due_at)
        population.settle()


def _after_long(
    report: Report, servers: Servers, agent: Agent, ends_at: datetime, lengths: tuple[int, ...], rounds: int
) -> None:
    """The same work with a short and with a long history; the console as a member of staff sees it."""
    measured: dict[int, Mapping[str, Series]] = {}
    for length in lengths:
        _make_history(servers, agent, ends_at, length)
        measured[length] = interleaved(_work(agent), rounds, is_quiet=True)
    for name, smallest in measured[lengths[0]].items():
        for length in lengths:
            series = measured[length][name]
            ratio = f"{series.median / smallest.median:.2f} ×"
            report.row(f"{name}, ms", length, series.median, series.spread, ratio)


def _make_history(servers: Servers, agent: Agent, ends_at: datetime, length: int) -> None:
    population.clear()
    population.make_schedules(agent, history.SCHEDULES, _next_day())
    began = time.perf_counter()
    history.make(servers.own_database, length, ends_at)
    population.settle()
    print(f"  {length:,} runs written in {time.perf_counter() - began:.0f} s", flush=True)


def _work(agent: Agent) -> Mapping[str, Callable[[], float]]:
    User.objects.get_or_create(username="bench", is_staff=True, is_superuser=True)
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="bench"))
    root = reverse("admin:app_list", args=["schedules"])
    schedule = population.schedule_id(history.SCHEDULES // 2)
    pages = {
        "console, runs": "run/",
        "console, runs, page 100": "run/?p=100",
        "console, failed runs": "run/?state__exact=failed",
        "console, runs that wait": "run/?state__exact=pending",
        "console, runs of a schedule": f"run/?schedule={schedule}",
        "console, runs of an agent": f"run/?agent={agent.id}",
        "console, schedules": "schedule/",
        "console, one schedule": f"schedule/{schedule}/change/",
    }
    numbers = counting(2)
    work: dict[str, Callable[[], float]] = {
        f"fire {BATCH}": lambda: _timed(lambda: _fire(next(numbers))),
        f"claim {BATCH}": lambda: _claim(next(numbers)),
    }
    for name, path in pages.items():
        work[name] = partial(_look_at, client, root + path)
    work["console, overview"] = partial(_look_at, client, reverse("admin:index"))
    return work


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def _fire(place: int) -> None:
    """Schedules all over the table come due and are fired."""
    now = database_now().replace(microsecond=0)
    step = history.SCHEDULES // BATCH
    ids = [population.schedule_id(number) for number in range(1 + place % step, history.SCHEDULES + 1, step)]
    population.make_due(ids, now)
    fired = fire(database_now(), BATCH + 1)
    assert fired == BATCH, fired


def _claim(place: int) -> float:
    """Milliseconds to start runs that were just fired, and to end them."""
    _fire(place)
    waiting = list(Run.objects.pending().values_list("id", "generation")[:BATCH])
    return _timed(lambda: _start_and_end(waiting))


def _start_and_end(waiting: list[tuple[str, int]]) -> None:
    for run_id, generation in waiting:
        claimed = claiming.claim(run_id, generation, "bench", database_now(), timedelta(seconds=15))
        assert isinstance(claimed, Claimed), claimed
        assert finishing.succeed(run_id, claimed.attempt, database_now())


def _look_at(client: Client, path: str) -> float:
    """Milliseconds of a page, as a member of staff sees it."""
    began = time.perf_counter()
    answer = client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return (time.perf_counter() - began) * 1000


def _retention(report: Report, servers: Servers, agent: Agent, ends_at: datetime, length: int) -> None:
    """Half of the history is deleted while due fires go on; how late is the latest, and how fast does it go?"""
    Run.objects.pending().delete()
    broker = servers.broker(0)
    broker.flushdb()
    old, new = length // 2, Run.objects.count() - length // 2
    lead = 10 + FIRES_A_SECOND * RETENTION_SECONDS / 2_000
    begins_at = datetime.fromtimestamp(int(time.time() + lead), UTC)
    population.make_stream(agent, FIRES_A_SECOND, RETENTION_SECONDS, begins_at, first=history.SCHEDULES + 1)
    with Arrivals(broker, QUEUE) as arrivals, beat(servers.folder, redispatch_seconds="3600"):
        assert time.time() < begins_at.timestamp(), "filling took too long"
        time.sleep(begins_at.timestamp() + 2 - time.time())
        began = time.perf_counter()
        deleting = threading.Thread(target=_prune, args=[ends_at, ends_at - history.middle(length, ends_at)])
        deleting.start()
        deleting.join()
        seconds = time.perf_counter() - began
        time.sleep(2)
    fired = {
        run_id: fire_time.timestamp()
        for run_id, fire_time in Run.objects.pending().values_list("id", "fire_time")
        if fire_time
    }
    assert Run.objects.count() == new + len(fired), "only the old half is deleted"
    lateness = Series([at - fired[run_id] for run_id, at in arrivals.at.items()])
    report.row("fires' lateness during retention, s", length, lateness.median, lateness.spread, "")
    report.row("runs deleted a second", old, old / seconds, f"{seconds:,.0f} s", "")
    report.note(
        f"Retention deleted exactly the older {old:,} runs while {len(lateness.values):,} fires went on."
    )


def _prune(now: datetime, keep: timedelta) -> None:
    try:
        retention.prune(now, keep)
    finally:
        connection.close()


def _this_hour() -> datetime:
    return database_now().replace(minute=0, second=0, microsecond=0)


def _next_day() -> datetime:
    """A whole hour nobody reaches during the benchmark."""
    return _this_hour() + timedelta(days=1)
