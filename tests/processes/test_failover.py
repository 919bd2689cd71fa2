"""The database's name leads to another server: a primary and its standby, behind a line that is switched.

The service's processes know only the line's address, as they would know a name or a virtual address.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from orqsite.embedded.valkey import Valkey
from tests.agent_server import AgentServer, Behaviour
from tests.processes.service import Service, document
from tests.proofs.chaos.proxy import Proxy
from tests.servers.postgres import Postgres, Standby
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

LEASE_SECONDS = 4
BACK_SECONDS = 30.0
"""How long it may take until everything is as before."""


class Site:
    """The service behind the line, and the two servers."""

    def __init__(self, folder: Path, agent: AgentServer) -> None:
        self._stack = ExitStack()
        self.agent = agent
        self.primary = Postgres(is_durable=True)
        self._stack.callback(self.primary.remove)
        self.primary.start()
        self.standby: Standby = self.primary.standby()
        self._stack.callback(self.standby.remove)
        self.standby.start()
        self.line = Proxy(self.primary.port)
        self.line.start()
        self._stack.callback(self.line.stop)
        broker = Valkey(folder / "valkey")
        self._stack.callback(broker.stop)
        broker.start()
        url = self.primary.url.replace(f":{self.primary.port}/", f":{self.line.port}/")
        self.service = Service(folder, url, broker.url)
        self.service.environment |= {
            "ORQ_LEASE_SECONDS": str(LEASE_SECONDS),
            "ORQ_HEARTBEAT_SECONDS": "1",
        }
        self._stack.enter_context(self.service)
        self.service.manage("create_agent", "digest", "--workspace=processes", f"--url={agent.url}")
        self.client = self._stack.enter_context(self.service.client(self.service.token))

    def stop(self) -> None:
        self._stack.close()

    @property
    def writer(self) -> Postgres:
        """The running server that takes writes: the other one once the primary has been killed."""
        return self.primary if self.primary.child else self.standby

    def once(self, seconds: float) -> dict[str, Any]:
        """A schedule that fires once, so many seconds from now."""
        created: dict[str, Any] = document(self.try_to_create(seconds), 201)
        return created

    def try_to_create(self, seconds: float) -> httpx2.Response:
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        body = {"type": "once", "expression": f"@at {at:%Y-%m-%dT%H:%M:%SZ}", "payload": {"input": "Hi"}}
        return self.client.post("/v3/agents/digest/schedules", json=body)

    def ended_run(self, schedule: dict[str, Any]) -> dict[str, Any]:
        """Its run, once it has ended."""
        run = wait_for(lambda: self._run_of(schedule), BACK_SECONDS, "the run")
        assert run is not None
        return run

    def _run_of(self, schedule: dict[str, Any]) -> dict[str, Any] | None:
        answer = self.client.get(f"/v3/agents/digest/schedules/{schedule['_id']}/runs")
        runs = answer.json().get("runs", []) if answer.status_code == 200 else []
        return runs[0] if runs and runs[0]["state"] not in ("pending", "running") else None

    def ready(self) -> tuple[int, str]:
        answer = self.client.get("/readyz?only=database")
        return answer.status_code, answer.json()["database"]

    def keys_of(self, *schedules: dict[str, Any]) -> list[str]:
        """The Idempotency-Keys the agent has seen of these, in order."""
        keys = [call["headers"]["idempotency-key"] for call in self.agent.calls()]
        return [key for key in keys if key.startswith(tuple(schedule["_id"] for schedule in schedules))]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """For all tests: the last one leaves it on the other server."""
    with AgentServer() as agent:
        site = Site(tmp_path_factory.mktemp("site"), agent)
        yield site
        site.stop()


def test_for_a_while_the_name_leads_to_a_server_that_is_read_only(site: Site) -> None:
    before, meanwhile, after = site.once(3), site.once(6), site.once(14)
    site.ended_run(before)

    site.line.lead_to(site.standby.port)
    site.line.cut()
    wait_for(lambda: site.ready() == (503, "read_only"), 10, "health to be red")
    for _ in range(3):
        refused = site.try_to_create(60)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "service_unavailable"), (
            refused.text
        )
    time.sleep(max(0.0, datetime.fromisoformat(meanwhile["next_fire_at"]).timestamp() - time.time() + 2))
    site.line.lead_to(site.primary.port)  # the read-only sessions stay, as after a change of name

    back_at = time.monotonic() + BACK_SECONDS
    wait_for(lambda: site.try_to_create(3600).status_code == 201, BACK_SECONDS, "writes")
    for schedule in (meanwhile, after):
        run = site.ended_run(schedule)
        assert (run["state"], run["attempt"]) == ("succeeded", 1)
    assert time.monotonic() < back_at
    assert site.ready() == (200, "ok")
    keys = site.keys_of(before, meanwhile, after)
    assert len(keys) == len(set(keys)) == 3


@pytest.mark.long
def test_an_answer_that_comes_while_nothing_can_be_stored_is_kept_until_it_can(site: Site) -> None:
    site.agent.script("digest", Behaviour(delay=3), Behaviour())
    schedule = site.once(2)
    wait_for(lambda: site.keys_of(schedule), 20, "the call")

    _say(site.primary, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
    wait_for(lambda: "run.finish_delayed" in site.service.log("worker"), 20, "an answer that is held")
    time.sleep(LEASE_SECONDS * 2)  # nobody renews the lease meanwhile
    assert site.try_to_create(60).status_code == 503
    _say(site.primary, "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")

    run = site.ended_run(schedule)
    assert (run["state"], run["attempt"]) == ("succeeded", 1)
    assert len(site.keys_of(schedule)) == 1


@pytest.mark.long
def test_what_a_promoted_standby_has_lost_is_repeated_under_the_same_key(site: Site) -> None:
    first, second = site.once(12), site.once(13)
    wait_for(lambda: _knows(site.standby, second["_id"]), 10, "the standby to know both")
    site.standby.stop()
    for schedule in (first, second):
        site.ended_run(schedule)

    site.primary.kill()
    site.standby.start()
    site.standby.promote()
    site.line.lead_to(site.standby.port)
    site.line.cut()

    for schedule in (first, second):
        assert site.ended_run(schedule)["state"] == "succeeded"
    keys = site.keys_of(first, second)
    assert sorted(keys[:2]) == sorted(keys[2:])
    assert len(set(keys)) == 2


@pytest.mark.long
def test_what_a_restored_backup_does_not_know_is_repeated_under_the_same_key(site: Site) -> None:
    writer, first, second = site.writer, site.once(20), site.once(21)
    writer.stop()
    writer.back_up()
    assert time.time() < datetime.fromisoformat(first["next_fire_at"]).timestamp(), "too slow to be before it"
    writer.start()
    for schedule in (first, second):
        site.ended_run(schedule)

    writer.stop()
    writer.restore()
    writer.start()

    for schedule in (first, second):
        assert site.ended_run(schedule)["state"] == "succeeded"
    keys = site.keys_of(first, second)
    assert sorted(keys[:2]) == sorted(keys[2:])
    assert len(set(keys)) == 2


def _knows(server: Postgres, schedule_id: str) -> bool:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT 1 FROM schedules_nextfire WHERE schedule_id = %s", [schedule_id])
        return row.fetchone() is not None


def _say(server: Postgres, *statements: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as operator:
        operator.execute("SET default_transaction_read_only = off")
        for statement in statements:
            operator.execute(statement)
