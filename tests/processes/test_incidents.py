"""Who is told what by real processes, and by whom while others are dead: `manage.py test --alerts`.

A receiver verifies each message with the package that receivers use. Where a minute or a day is to pass, the rows'
own times are set back by it.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import psycopg
import pytest

from orqsite.embedded.ports import LOOPBACK, free_port
from tests.agent_server import AgentServer
from tests.processes.databases import migrated_database
from tests.processes.service import BEAT, WORKER, Service, document
from tests.waiting import wait_for
from tests.workers.delivering.receiver import Receiver, receiving

pytestmark = [
    pytest.mark.processes,
    pytest.mark.postgresql,
    pytest.mark.alerts,
]

SCHEDULES = 30
PATIENCE = 90.0


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Web, beat and worker that may call this machine."""
    folder = tmp_path_factory.mktemp("service")
    redis_url = os.environ["REDIS_URL"].removesuffix("/0") + "/7"
    made = Service(folder, migrated_database("postgresql", folder), redis_url)
    made.environment["ORQ_OUTBOUND_ALLOW"] = "127.0.0.0/8"
    made.environment["ORQ_PUBLIC_URL"] = "https://schedules.example.org"
    with made as running:
        yield running


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[httpx2.Client]:
    with service.client(service.admin_token) as client:
        yield client


@pytest.fixture(scope="module")
def secret(client: httpx2.Client, receiver: Receiver) -> str:
    """The signing secret of an endpoint that is told of everything."""
    made = document(
        client.post("/v3/webhooks", json={"display_name": "On call", "target": receiver.url}), 201
    )
    return str(made["signing_secret"])


@pytest.fixture(scope="module")
def down(client: httpx2.Client) -> int:
    """The port of an agent that is down, and that has thirty schedules due in a moment."""
    port = free_port()
    agent = {"key": "briefing", "base_url": f"http://{LOOPBACK}:{port}", "max_attempts": 1}
    document(client.post("/v3/agents", json=agent), 201)
    at = datetime.now(UTC) + timedelta(seconds=5)
    for number in range(SCHEDULES):
        new = {
            "type": "once",
            "expression": f"@at {at:%Y-%m-%dT%H:%M:%SZ}",
            "payload": {"input": "Good morning"},
            "display_name": f"Briefing {number}",
        }
        document(client.post("/v3/agents/briefing/schedules", json=new), 201)
    return port


def incidents(client: httpx2.Client, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(client.get("/v3/incidents", params=query), 200)["incidents"]
    return found


def set_back(service: Service, by: timedelta) -> None:
    """As if so much time had passed since all that is on record of incidents."""
    with psycopg.connect(service.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(
            "UPDATE schedules_incident SET opened_at = opened_at - %(by)s, told_at = told_at - %(by)s,"
            " tell_at = tell_at - %(by)s",
            {"by": by},
        )


def types(receiver: Receiver, secret: str) -> list[str]:
    """Of all messages, each of which is verified."""
    return [receiver.verified(secret, index)["type"] for index in range(len(receiver.requests))]


def wait_for_message(receiver: Receiver, secret: str, type_: str) -> dict[str, Any]:
    wait_for(lambda: type_ in types(receiver, secret), PATIENCE, type_)
    index = types(receiver, secret).index(type_)
    said: dict[str, Any] = receiver.verified(secret, index)
    print(type_, said["data"])
    return said


def test_thirty_schedules_of_an_agent_that_is_down_are_one_message(
    service: Service, client: httpx2.Client, receiver: Receiver, secret: str, down: int
) -> None:
    wait_for(lambda: bool(incidents(client, rule="agent.outage")), PATIENCE, "the outage")
    wait_for(lambda: len(_failed(client)) == SCHEDULES, PATIENCE, "the failures")
    set_back(service, timedelta(seconds=61))

    said = wait_for_message(receiver, secret, "agent.outage.opened")

    assert said["data"]["schedule_count"] == SCHEDULES
    assert said["data"]["code"] == "agent_unreachable"
    assert said["data"]["console_url"].startswith("https://schedules.example.org/console/")
    assert types(receiver, secret) == ["agent.outage.opened"]


def _failed(client: httpx2.Client) -> list[Any]:
    runs: list[Any] = document(client.get("/v3/runs?state=failed&limit=100"), 200)["runs"]
    return runs


def test_a_day_later_there_is_a_reminder(service: Service, receiver: Receiver, secret: str) -> None:
    set_back(service, timedelta(hours=24))

    wait_for_message(receiver, secret, "agent.outage.reminder")

    assert types(receiver, secret) == ["agent.outage.opened", "agent.outage.reminder"]


def test_the_agent_is_back_and_the_message_says_how_long_it_took(
    client: httpx2.Client, receiver: Receiver, secret: str, down: int
) -> None:
    with AgentServer(port=down):
        new = {"type": "cron", "expression": "@daily", "payload": {"input": "Hello"}}
        made = document(client.post("/v3/agents/briefing/schedules", json=new), 201)
        document(client.post(f"/v3/agents/briefing/schedules/{made['_id']}/execution"), 202)
        said = wait_for_message(receiver, secret, "agent.outage.recovered")

    assert said["data"]["duration_seconds"] >= 24 * 3600


def test_web_or_worker_tell_that_no_beat_is_alive(
    service: Service, receiver: Receiver, secret: str, client: httpx2.Client
) -> None:
    service.children["beat"].kill()
    wait_for(lambda: bool(incidents(client, rule="beat.stalled", state="open")), PATIENCE, "beat.stalled")
    set_back(service, timedelta(seconds=61))

    wait_for_message(receiver, secret, "beat.stalled.opened")
    service.start("beat", *BEAT)

    wait_for_message(receiver, secret, "beat.stalled.recovered")


def test_the_web_process_tells_that_workers_and_beats_are_gone(
    service: Service, receiver: Receiver, secret: str, client: httpx2.Client
) -> None:
    receiver.requests.clear()
    for name in ("beat", "worker"):
        service.children[name].kill()
    wait_for(lambda: bool(incidents(client, rule="workers.gone", state="open")), PATIENCE, "workers.gone")
    set_back(service, timedelta(seconds=61))

    wait_for_message(receiver, secret, "workers.gone.opened")
    wait_for_message(receiver, secret, "beat.stalled.opened")
    service.start("worker", *WORKER)
    service.start("beat", *BEAT)

    wait_for_message(receiver, secret, "workers.gone.recovered")
