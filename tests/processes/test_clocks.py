"""Real processes, and clocks that are bent while they run: PostgreSQL's, one host's, and a machine's with SQLite."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from orqsite.embedded.ports import LOOPBACK
from orqsite.embedded.valkey import Valkey
from tests.processes.service import BEAT, WORKER, Service, document
from tests.servers.bent_clock import BentClock
from tests.servers.postgres import Postgres
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.processes,
    pytest.mark.alone,
    pytest.mark.postgresql,
    pytest.mark.night,
]

YEAR = 365 * 24 * 3600
SCHEDULES = "/v3/agents/echo/schedules"
NEW = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hello"}}
LONGEST_WAIT = 60.0
"""Within this the service goes on by itself when the clock is right again."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database() -> Iterator[tuple[Postgres, BentClock]]:
    """A PostgreSQL whose clock can be bent."""
    server = Postgres()
    bent = BentClock(server.folder)
    server.start()
    server.stop()  # the library is loaded once there is a server, and not by the program that makes its data
    server.environment = bent.environment
    server.start()
    yield server, bent
    server.remove()


@pytest.fixture
def serve(broker: Valkey, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start web, beat and worker with an agent that answers by itself."""
    with ExitStack() as stack:

        def start(database_url: str, environment: dict[str, str] | None = None) -> Service:
            folder = tmp_path / "service"
            folder.mkdir()
            service = Service(folder, database_url, broker.url)
            service.environment |= environment or {}
            stack.enter_context(service)
            service.manage("create_agent", "echo", "--workspace=processes", "--runtime=echo")
            return service

        yield start


def at(instant: datetime) -> str:
    return f"@at {instant:%Y-%m-%dT%H:%M:%SZ}"


def soon(seconds: float) -> datetime:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)


def hourly_at(instant: datetime) -> dict[str, Any]:
    return NEW | {"expression": f"{instant.second} {instant.minute} * * * *"}


def events(service: Service, name: str, event: str) -> list[dict[str, Any]]:
    lines = [line for line in service.log(name).splitlines() if line.startswith("{")]
    return [said for line in lines if (said := json.loads(line)).get("event") == event]


def ready(service: Service) -> Any:
    return httpx2.get(f"http://{LOOPBACK}:{service.port}/readyz", trust_env=False, timeout=10).json()


def runs_of(client: httpx2.Client, schedule: dict[str, Any]) -> list[Any]:
    found: list[Any] = document(client.get(f"{SCHEDULES}/{schedule['_id']}/runs"), 200)["runs"]
    return found


def instant_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_database_clock_that_leaps_a_year_ahead_for_some_seconds_changes_nothing(
    database: tuple[Postgres, BentClock], serve: Callable[..., Service]
) -> None:
    server, bent = database
    service = serve(server.url)
    due_at = soon(35)
    with service.client(service.token) as client:
        hourly = document(client.post(SCHEDULES, json=hourly_at(due_at)), 201)
        daily, paused = (document(client.post(SCHEDULES, json=NEW), 201) for _ in range(2))
        far = NEW | {"type": "once", "expression": at(soon(12 * 24 * 3600))}
        once = document(client.post(SCHEDULES, json=far), 201)
        document(client.post(f"{SCHEDULES}/{daily['_id']}/execution"), 202)  # comes due during the leap

        bent.set_ahead(YEAR)
        leapt_at = time.monotonic()
        wait_for(lambda: events(service, "beat", "clock.leapt"), 5, "the beat's alarm")
        refused = client.post(SCHEDULES, json=NEW)
        read = client.get(SCHEDULES)
        wait_for(lambda: ready(service)["clock"] == "leapt", 11, "/readyz to say so")
        status = service.manage("status")
        time.sleep(max(0.0, leapt_at + 12 - time.monotonic()))  # the leap's length
        started = [run for each in (hourly, daily, paused, once) for run in runs_of(client, each)]
        bent.set_ahead(0)

        assert refused.status_code == 503, refused.text
        assert refused.json()["error"]["code"] == "service_unavailable"
        assert int(refused.headers["Retry-After"]) > 0
        assert read.status_code == 200
        assert "clock              leapt" in status
        assert [(run["trigger"], run["state"]) for run in started] == [("manual", "pending")]

        for change in ({"is_active": False}, {"is_active": True}, {"expression": "0 0 10 * * *"}):
            document(client.patch(f"{SCHEDULES}/{paused['_id']}", json=change), 200)
        wait_for(lambda: runs_of(client, daily)[0]["state"] == "succeeded", LONGEST_WAIT, "the run now")
        wait_for(lambda: runs_of(client, hourly), LONGEST_WAIT, "the hourly's next instant")
        listed = {each["_id"]: each for each in document(client.get(SCHEDULES), 200)["schedules"]}

        [fired] = runs_of(client, hourly)
        assert instant_of(fired["fire_time"]) == due_at
        assert not fired["is_misfire"]
        assert instant_of(listed[hourly["_id"]]["next_fire_at"]) == due_at + timedelta(hours=1)
        for each in (daily, paused):
            assert instant_of(listed[each["_id"]]["next_fire_at"]) < soon(24 * 3600 + 60)
        assert runs_of(client, once) == []
        assert listed[once["_id"]]["is_active"]
    assert events(service, "beat", "clock.right_again")
    assert "accounted for" in service.manage("audit")
    with psycopg.connect(server.url) as connection:
        [[latest]] = connection.execute("SELECT max(id) FROM schedules_run").fetchall()
        [[limit]] = connection.execute("SELECT max(id) FROM schedules_schedule").fetchall()
    assert latest[:3] == limit[:3]  # ids of one day, not of one a year ahead


def test_a_leap_that_was_believed_is_mended_within_a_minute_of_being_set_back(
    database: tuple[Postgres, BentClock], serve: Callable[..., Service]
) -> None:
    server, bent = database
    service = serve(server.url, {"ORQ_CLOCK_ACCEPT_SECONDS": "3"})
    with service.client(service.token) as client:
        hourly = document(client.post(SCHEDULES, json=hourly_at(soon(1800))), 201)

        bent.set_ahead(YEAR)
        wait_for(lambda: runs_of(client, hourly), 60, "the schedule to fire in the wrong time")
        bent.set_ahead(0)

        def follows() -> bool:
            shown = document(client.get(f"{SCHEDULES}/{hourly['_id']}"), 200)
            return instant_of(shown["next_fire_at"]) == instant_of(hourly["next_fire_at"])

        wait_for(follows, 75, "the schedule to follow the right clock")
    assert events(service, "beat", "clock.leap_accepted")
    assert "accounted for" in service.manage("audit")


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_host_whose_clock_is_off_by_an_hour_changes_nothing(
    serve: Callable[..., Service], start_postgres: Callable[[], Postgres], tmp_path: Path, hours: int
) -> None:
    bent = BentClock(tmp_path)
    service = serve(start_postgres().url, bent.environment)
    bent.set_ahead(hours * 3600)
    for name, arguments in (("beat", BEAT), ("worker", WORKER)):
        service.children[name].stop(10)
        service.start(name, *arguments)
    with service.client(service.token) as client:
        due_at = soon(20)
        hourly = document(client.post(SCHEDULES, json=hourly_at(due_at)), 201)
        asked = document(client.post(SCHEDULES, json=NEW), 201)
        document(client.post(f"{SCHEDULES}/{asked['_id']}/execution"), 202)
        wait_for(lambda: runs_of(client, hourly), LONGEST_WAIT, "the hourly's instant")
        wait_for(lambda: runs_of(client, asked)[0]["state"] == "succeeded", LONGEST_WAIT, "the run now")

        [fired] = runs_of(client, hourly)
        assert instant_of(fired["fire_time"]) == due_at
        assert not fired["is_misfire"]
        wait_for(lambda: ready(service)["clock"] == "hosts_disagree", 30, "/readyz to say so")
    for name in ("beat", "worker"):
        assert events(service, name, "clock.hosts_disagree"), name
    assert "its clock is off by" in service.manage("status")


def test_the_clock_of_a_machine_with_sqlite_that_leaps_for_some_seconds_changes_nothing(
    serve: Callable[..., Service], tmp_path: Path
) -> None:
    bent = BentClock(tmp_path)
    service = serve(f"sqlite:///{tmp_path / 'db.sqlite3'}", bent.environment)
    due_at = soon(25)
    with service.client(service.token) as client:
        hourly = document(client.post(SCHEDULES, json=hourly_at(due_at)), 201)
        far = NEW | {"type": "once", "expression": at(soon(12 * 24 * 3600))}
        once = document(client.post(SCHEDULES, json=far), 201)

        bent.set_ahead(YEAR)
        leapt_at = time.monotonic()
        wait_for(lambda: events(service, "beat", "clock.leapt"), 5, "the beat's alarm")
        refused = client.post(SCHEDULES, json=NEW)
        time.sleep(max(0.0, leapt_at + 12 - time.monotonic()))  # the leap's length
        bent.set_ahead(0)

        assert refused.status_code == 503, refused.text
        wait_for(lambda: runs_of(client, hourly), LONGEST_WAIT, "the hourly's next instant")
        [fired] = runs_of(client, hourly)
        assert instant_of(fired["fire_time"]) == due_at
        assert runs_of(client, once) == []
    assert "accounted for" in service.manage("audit")
