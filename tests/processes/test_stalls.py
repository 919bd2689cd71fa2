"""A loop that stands still ends its process; an outage or a process that was stopped for a while does not."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from orqsite.embedded.valkey import Valkey
from tests.processes.service import BEAT, WORKER, Service, document
from tests.servers.postgres import Postgres
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

STALL_SECONDS = 2
LONGER = 3 * STALL_SECONDS
ENDED = 70
PUBLISH_OFTEN = (
    "from django_celery_beat.models import *; "
    "often, _ = IntervalSchedule.objects.get_or_create(every=1, period='seconds'); "
    "PeriodicTask.objects.get_or_create(name='often', task='somebody.elses', interval=often)"
)
RING = "from celery import current_app as app; app.send_task('workers.tasks.execute_run', args=['none', 1])"


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    """A PostgreSQL that the tests may freeze."""
    server = Postgres()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def service(
    database: Postgres, broker: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Web, beat and worker with little patience, and an agent that answers by itself."""
    running = Service(tmp_path_factory.mktemp("service"), database.url, broker.url)
    running.environment["ORQ_STALL_SECONDS"] = str(STALL_SECONDS)
    with running:
        running.manage("create_agent", "echo", "--workspace=processes", "--runtime=echo")
        yield running


@pytest.fixture
def start_stuck(service: Service) -> Iterator[Callable[[str, str], str]]:
    """Start a beat or worker one of whose loops will stand still; the name of its log."""
    names: list[str] = []

    def start(program: str, loop: str) -> str:
        name = f"stuck-{loop}"
        service.environment["ORQ_TEST_STUCK"] = loop
        service.start(name, "-m", "celery", "-A", "tests.processes.stuck", "-q", program)
        del service.environment["ORQ_TEST_STUCK"]
        names.append(name)
        wait_for(lambda: "process.registered" in service.log(name), 60, "its start")
        return name

    yield start
    for name in names:
        service.children.pop(name).kill()


def events(service: Service, name: str, event: str) -> list[dict[str, Any]]:
    """The log lines of this event that the process wrote."""
    lines = [line for line in service.log(name).splitlines() if line.startswith("{")]
    return [said for line in lines if (said := json.loads(line)).get("event") == event]


def is_ended(service: Service, name: str, loop: str) -> None:
    """It has ended by itself, and says why in one line."""
    child = service.children[name]
    wait_for(lambda: not child.is_alive, 60, f"the end of {name}")
    assert child.process.returncode == ENDED
    [said] = events(service, name, "process.stalled")
    assert said["loop"] == loop
    assert said["seconds"] >= STALL_SECONDS
    assert said["level"] == "error"


def test_a_beat_whose_tick_stands_still_ends(
    service: Service, start_stuck: Callable[[str, str], str]
) -> None:
    service.manage("shell", "-c", PUBLISH_OFTEN)
    name = start_stuck("beat", "tick")

    is_ended(service, name, "tick")

    [said] = events(service, name, "process.stalled")
    assert "threading.py" in said["place"]
    assert service.children["beat"].is_alive


@pytest.mark.long
def test_a_worker_that_takes_no_more_messages_ends(
    service: Service, start_stuck: Callable[[str, str], str]
) -> None:
    service.children["worker"].stop(10)
    name = start_stuck("worker", "consumer")
    wait_for(lambda: " ready" in service.log(name), 60)
    service.manage("shell", "-c", RING)

    is_ended(service, name, "consumer")

    service.start("worker", *WORKER)
    wait_for(lambda: service.log("worker").count("process.registered") == 2, 60)


@pytest.mark.long
def test_a_worker_whose_leases_are_no_longer_renewed_ends(
    service: Service, start_stuck: Callable[[str, str], str]
) -> None:
    service.children["worker"].stop(10)
    name = start_stuck("worker", "heartbeat")
    soon = f"{datetime.now(UTC) + timedelta(seconds=2):%Y-%m-%dT%H:%M:%SZ}"
    body = {"type": "once", "expression": f"@at {soon}", "payload": {"input": "hello"}}
    with service.client(service.token) as client:
        document(client.post("/v3/agents/echo/schedules", json=body), 201)

    is_ended(service, name, "heartbeat")

    service.start("worker", *WORKER)
    wait_for(lambda: service.log("worker").count("process.registered") == 3, 60)


def test_a_process_that_was_stopped_for_a_while_goes_on(service: Service) -> None:
    for name in ("beat", "worker"):
        os.kill(service.children[name].pid, signal.SIGSTOP)
    time.sleep(LONGER)
    for name in ("beat", "worker"):
        os.kill(service.children[name].pid, signal.SIGCONT)

    go_on(service, "beat", "worker")


def test_a_database_that_hangs_is_waited_for(service: Service, database: Postgres) -> None:
    assert database.child is not None
    server = psutil.Process(database.child.pid)
    frozen = [server, *server.children(recursive=True)]
    for process in frozen:
        process.suspend()
    time.sleep(LONGER)
    for process in frozen:
        process.resume()

    go_on(service, "beat", "worker")


@pytest.mark.long
def test_a_database_that_is_down_is_waited_for(service: Service, database: Postgres) -> None:
    database.kill()
    time.sleep(LONGER)
    database.start()

    go_on(service, "beat", "worker")


@pytest.mark.long
def test_a_broker_that_hangs_stops_no_beat(service: Service, broker: Valkey) -> None:
    assert broker.child is not None
    os.kill(broker.child.pid, signal.SIGSTOP)
    time.sleep(LONGER)
    os.kill(broker.child.pid, signal.SIGCONT)

    go_on(service, "beat")
    assert events(service, "worker", "process.stalled") == []


@pytest.mark.long
def test_a_worker_that_waits_for_its_calls_before_it_ends_is_left_alone(
    service: Service, tmp_path: Path
) -> None:
    if not service.children["worker"].is_alive:
        service.start("worker", *WORKER)
    started = time.monotonic()

    service.children["worker"].stop(30)

    assert time.monotonic() - started < 30
    assert events(service, "worker", "process.stalled") == []


def go_on(service: Service, *names: str) -> None:
    """They are seen anew in the database, and none has ended."""
    since = datetime.now(UTC)
    wait_for(lambda: set(names) <= seen(service, since), 60, "signs of life")
    for name in names:
        assert service.children[name].is_alive, service.log(name)[-2000:]
        assert events(service, name, "process.stalled") == []


def seen(service: Service, since: datetime) -> set[str]:
    """The kinds of processes seen since then."""
    try:
        with psycopg.connect(service.environment["DATABASE_URL"]) as connection:
            rows = connection.execute(
                "SELECT kind, pid FROM schedules_processregistration WHERE last_seen_at > %s", [since]
            ).fetchall()
    except psycopg.OperationalError:
        return set()
    return {kind for kind, pid in rows if pid == service.children[kind].pid}


def test_a_process_that_ends_in_order_takes_its_row_along(service: Service) -> None:
    pid = service.children["beat"].pid
    service.children["beat"].stop(20)

    with psycopg.connect(service.environment["DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT pid FROM schedules_processregistration WHERE kind = 'beat'")
        assert pid not in [row[0] for row in rows]
    service.start("beat", *BEAT)
