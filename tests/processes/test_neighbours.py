"""A workspace whose agent hangs, or that has a herd, delays the runs of another one by no more than two seconds."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from schedules.database.ulids import new_ulid
from tests.agent_server import AgentServer, Behaviour
from tests.processes.databases import migrated_database
from tests.processes.service import WORKER, Service, document
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.postgresql]

THREADS = 10
OF_AGENT, OF_WORKSPACE = 10, 15
"""Of two workers with ten threads each."""
HANGING = 40
MOST_LATE_SECONDS = 2.0


class Neighbour:
    """A workspace with one agent."""

    def __init__(self, service: Service, server: AgentServer, **behaviour: Any) -> None:
        self.key = f"agent-{new_ulid().lower()}"
        self.service = service
        workspace = f"workspace {self.key}"
        token = service.manage("create_api_key", f"--workspace={workspace}")
        service.manage("create_agent", self.key, f"--workspace={workspace}", f"--url={server.url}")
        server.script(self.key, Behaviour(**behaviour))
        self.client = service.client(token)

    def due_at(self, instant: datetime, count: int = 1) -> None:
        """So many schedules that come due at this whole second."""
        body = {
            "type": "once",
            "expression": f"@at {instant:%Y-%m-%dT%H:%M:%SZ}",
            "payload": {"input": "Hi"},
        }
        for _ in range(count):
            document(self.client.post(f"/v3/agents/{self.key}/schedules", json=body), 201)

    def count(self, condition: str) -> int:
        """How many of its runs are so."""
        with psycopg.connect(self.service.environment["DATABASE_URL"]) as connection:
            row = connection.execute(
                "SELECT count(*) FROM schedules_run JOIN schedules_agent AS agent ON agent.id = agent_id"  # noqa: S608 - our own words
                f" WHERE agent.key = %s AND {condition}",
                [self.key],
            ).fetchone()
        assert row is not None
        return int(row[0])

    def worst_lateness(self) -> float:
        """Seconds from the fire time to the start, of the run that was latest."""
        with psycopg.connect(self.service.environment["DATABASE_URL"]) as connection:
            row = connection.execute(
                "SELECT max(extract(epoch FROM started_at - fire_time)) FROM schedules_run"
                " JOIN schedules_agent AS agent ON agent.id = agent_id WHERE agent.key = %s",
                [self.key],
            ).fetchone()
        assert row is not None
        return float(row[0])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two workers of few threads."""
    folder: Path = tmp_path_factory.mktemp("neighbours")
    url = migrated_database("postgresql", folder)
    service = Service(folder, url, os.environ["REDIS_URL"].removesuffix("/0") + "/4")
    service.environment["ORQ_WORKER_THREADS"] = str(THREADS)
    with service as running:
        running.start("worker-2", *WORKER, "--hostname=worker-2@%h")
        wait_for(lambda: "process.registered" in running.log("worker-2"), 30, "the second worker")
        yield running


def soon(seconds: float) -> datetime:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)


@pytest.mark.parametrize("delay", [20.0, 300.0], ids=["slow", "never answers"])
def test_an_agent_that_hangs_delays_no_other_workspace(
    service: Service, agent_server: AgentServer, delay: float
) -> None:
    hanging, quick = Neighbour(service, agent_server, delay=delay), Neighbour(service, agent_server)
    due_at = soon(8)
    hanging.due_at(due_at, HANGING)
    seconds = [due_at + timedelta(seconds=later) for later in (0, 1, 2, 4, 8)]
    for second in seconds:
        quick.due_at(second)

    wait_for(lambda: quick.count("started_at IS NOT NULL") == len(seconds), 30, "the neighbour's runs")

    assert quick.worst_lateness() <= MOST_LATE_SECONDS
    assert hanging.count("state = 'running'") == OF_AGENT
    assert hanging.count("state = 'pending' AND redispatch_count = 0") == HANGING - OF_AGENT
    assert 1 <= saturated_count(service, hanging) <= 2, "once for each worker, not for each run"
    end_all(service, hanging)


def saturated_count(service: Service, neighbour: Neighbour) -> int:
    """How often the workers have said it of this agent."""
    lines = (service.log("worker") + service.log("worker-2")).splitlines()
    return sum("agent.saturated" in line and neighbour.key in line for line in lines)


def end_all(service: Service, neighbour: Neighbour) -> None:
    """Nothing of it runs or waits any more: the next test has all slots."""
    path = f"/v3/agents/{neighbour.key}/schedules"
    for schedule in document(neighbour.client.get(path), 200)["schedules"]:
        for run in document(neighbour.client.get(f"{path}/{schedule['_id']}/runs"), 200)["runs"]:
            neighbour.client.post(f"{path}/{schedule['_id']}/runs/{run['_id']}/cancel")
    wait_for(lambda: service_is_idle(service), 30, "the calls to be aborted")


def service_is_idle(service: Service) -> bool:
    with psycopg.connect(service.environment["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT sum(in_flight_count) FROM schedules_processregistration WHERE kind = 'worker'"
        ).fetchone()
    return row is not None and not row[0]


def test_whoever_ends_a_call_makes_room_for_the_next_at_once(
    service: Service, agent_server: AgentServer
) -> None:
    """40 calls of one second over ten slots take four seconds; a beat alone would look every two."""
    busy = Neighbour(service, agent_server, delay=1.0)
    due_at = soon(6)
    busy.due_at(due_at, HANGING)
    most = 0

    def are_over() -> bool:
        nonlocal most
        most = max(most, busy.count("state = 'running' AND lease_expires_at > now()"))
        return busy.count("state = 'succeeded'") == HANGING

    wait_for(are_over, 40, "all calls")

    assert most == OF_AGENT
    assert busy.worst_lateness() < 3.0 + 3.0, "three rounds wait for others, and little more"


def test_a_herd_delays_no_other_workspace(service: Service, agent_server: AgentServer) -> None:
    herd, quick = Neighbour(service, agent_server), Neighbour(service, agent_server)
    due_at = soon(16)
    herd.due_at(due_at, 600)
    assert datetime.now(UTC) < due_at, "the herd was due before it was there"
    seconds = [due_at + timedelta(seconds=later) for later in (1, 2, 3)]
    for second in seconds:
        quick.due_at(second)

    wait_for(lambda: quick.count("started_at IS NOT NULL") == len(seconds), 30, "the neighbour's runs")

    assert quick.worst_lateness() <= MOST_LATE_SECONDS
    wait_for(lambda: herd.count("state = 'succeeded'") == 600, 60, "the herd")
    assert herd.count("attempt > 1") == 0
