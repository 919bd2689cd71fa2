"""Two beats and four more dispatching processes over 10,000 schedules of one second: one run each."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from tests.messages import queued
from tests.processes.databases import ROOT, migrated_database
from tests.processes.service import BEAT, WORKER, Service
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.postgresql]

HERD = 10_000
DUE_IN_SECONDS = 6
BEATS = ("beat-1", "beat-2")
DISPATCHERS = ("dispatcher-1", "dispatcher-2", "dispatcher-3", "dispatcher-4")
WORKERS = ("worker-1", "worker-2")
DRAINED = int(os.environ.get("ORQ_TEST_DRAINED", "500"))
"""So many runs are waited for; 10000 drains the whole herd."""

QUEUE_LIMIT = 200

STARTED = "started_at IS NOT NULL"
RUNS_OF_SCHEDULES = (
    "schedules_run AS run JOIN schedules_schedule AS schedule ON schedule.id = run.schedule_id"
)
EXECUTE_RUN = "workers.tasks.execute_run"


class Herd(Service):
    """Beats and dispatching processes without a worker, each with a sign of life; the workers come later."""

    def __enter__(self) -> "Herd":
        self.environment["ORQ_FIRE_BATCH"] = "200"  # small, so that nobody takes all
        self.prepare()
        for name in BEATS:
            self.environment["ORQ_DATA_DIR"] = str(self.folder / name)
            self.start(name, *BEAT)
        for name in DISPATCHERS:
            self.start(name, "-m", "tests.processes.herd", "fire")
        wait_for(self._all_look, 60, "beats and dispatchers")
        return self

    def _all_look(self) -> bool:
        dead = {name: self.log(name) for name, child in self.children.items() if not child.is_alive}
        assert not dead, dead
        are_registered = all("process.registered" in self.log(name) for name in BEATS)
        return are_registered and all("ready" in self.log(name) for name in DISPATCHERS)

    def events(self, name: str, event: str) -> list[dict[str, Any]]:
        """The log lines of this event that the process wrote."""
        lines = (line for line in self.log(name).splitlines() if line.startswith("{"))
        return [entry for line in lines if (entry := json.loads(line)).get("event") == event]

    def make(self) -> None:
        """Let the schedules come due, all at one second."""
        subprocess.run(
            [sys.executable, "-m", "tests.processes.herd", "make", str(HERD), str(DUE_IN_SECONDS)],
            env=self.environment,
            cwd=ROOT,
            check=True,
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The answer of the service's database."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            return connection.execute(query).fetchall()

    def count(self, condition: str) -> int:
        """How many runs there are of this kind."""
        [(count,)] = self.rows(f"SELECT count(*) FROM schedules_run WHERE {condition}")  # noqa: S608
        return int(count)


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """A database of the broker for this test alone, empty."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"].removesuffix("/0") + "/3")
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def herd(tmp_path: Path, broker: redis.Redis) -> Iterator[Herd]:
    """The processes."""
    url = os.environ["REDIS_URL"].removesuffix("/0") + "/3"
    with Herd(tmp_path, migrated_database("postgresql", tmp_path), url) as running:
        yield running


def test_a_herd_gets_one_run_each_whoever_fires_it(herd: Herd, broker: redis.Redis) -> None:
    herd.make()
    wait_for(lambda: herd.count("true") >= HERD, DUE_IN_SECONDS + 30, "the herd's runs")
    time.sleep(2)  # in which a second run of somebody would be made

    shares = shares_of(herd)
    print(f"\nfired by: {shares}")
    assert sum(shares.values()) == HERD
    assert min(shares[name] for name in DISPATCHERS) > 0
    assert herd.count("true") == HERD
    assert herd.rows("SELECT count(DISTINCT (schedule_id, generation, fire_time)) FROM schedules_run") == [
        (HERD,)
    ]
    assert messages_are_accounted_for(herd, broker)

    for name in (BEATS[1], *DISPATCHERS):
        herd.children[name].kill()
    started = time.monotonic()
    for name in WORKERS:
        herd.start(name, *WORKER, f"--hostname={name}@%h")
    wait_for(lambda: herd.count("state = 'succeeded'") >= DRAINED, 60 + DRAINED / 50, "runs to succeed")
    for name in WORKERS:
        herd.children[name].kill()
    print(f"{herd.count(STARTED)} started in {time.monotonic() - started:.1f} s, workers' start included")

    assert herd.count("attempt > 1 OR state NOT IN ('pending', 'running', 'succeeded')") == 0
    counted = f"SELECT {STARTED}, trigger_count, count(*) FROM {RUNS_OF_SCHEDULES} GROUP BY 1, 2"  # noqa: S608 - our own names
    assert {row[:2] for row in herd.rows(counted)} <= {(False, 0), (True, 1)}
    assert herd.manage("audit") == f"{HERD} of {HERD} instants accounted for"


def shares_of(herd: Herd) -> dict[str, int]:
    """How many each process fired, in its own words."""
    return {
        name: sum(said["fired_count"] for said in herd.events(name, "schedule.fired"))
        for name in (*BEATS, *DISPATCHERS)
    }


def messages_are_accounted_for(herd: Herd, broker: redis.Redis) -> bool:
    """Each message names a run, and no run has two but one that was sent again (which nobody does while the queue is
    long). The queue is short: each process may have found the same room on it, and no more."""
    rung = Counter(args[0] for task, args in queued(broker) if task == EXECUTE_RUN)
    runs = {run_id for (run_id,) in herd.rows("SELECT id FROM schedules_run")}
    names = (*BEATS, *DISPATCHERS)
    again = sum(said["count"] for name in names for said in herd.events(name, "run.redispatched"))
    unreached = any(herd.events(name, "broker.unreachable") for name in names)
    print(f"messages: {rung.total()}, of them sent later: {again}, broker unreachable: {unreached}")
    assert rung.keys() <= runs
    assert rung.total() <= len(rung) + again
    return unreached or QUEUE_LIMIT <= rung.total() <= QUEUE_LIMIT * len(names)
