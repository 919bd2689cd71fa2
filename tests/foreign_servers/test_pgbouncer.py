"""PgBouncer in transaction mode, as docs/operations.md says: everything works, and our time-outs are in force.

TLS is seen here too: the PostgreSQL of the tests is built without it, so PgBouncer ends it.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import OperationalError

from orqsite.databases import TIME_OUTS, database
from orqsite.environment import Environment
from orqsite.postgresql import base
from schedules.database.ulids import new_ulid
from tests.agent_server import AgentServer
from tests.authority import make_authority
from tests.processes.databases import ROOT, empty_database
from tests.processes.service import Service
from tests.processes.test_main_path import Agent, in_seconds
from tests.servers.pgbouncer import POOL_SIZE, PgBouncer

pytestmark = [pytest.mark.debian, pytest.mark.processes, pytest.mark.postgresql]

DOCUMENTED = re.findall(
    r"ALTER ROLE agent_schedules SET (\w+) = '(\w+)';", (ROOT / "docs/operations.md").read_text()
)


def own_database(folder: Path, settings: Mapping[str, str]) -> str:
    """The URL of a new database, as a role that owns it and has these settings."""
    url = urlsplit(empty_database("postgresql", folder))
    role, password = f"role_{new_ulid().lower()}", "only4here"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as operator:
        operator.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        operator.execute(f'ALTER DATABASE "{url.path[1:]}" OWNER TO {role}')
        for name, value in settings.items():
            operator.execute(f"ALTER ROLE {role} SET {name} = '{value}'")
    return url._replace(netloc=f"{role}:{password}@{url.hostname}:{url.port}").geturl()


class Pooled(Service):
    """Its processes come through the pooler; migrations go to PostgreSQL itself."""

    def __init__(self, folder: Path, direct: str, pooler: PgBouncer) -> None:
        super().__init__(folder, pooler.url, os.environ["REDIS_URL"].removesuffix("/0") + "/5")
        self.environment |= {"ORQ_TRANSACTION_POOLER": "true", "ORQ_WORKER_THREADS": "8"}
        self._direct = direct

    def manage(self, *arguments: str) -> str:
        if arguments[0] != "migrate":
            return super().manage(*arguments)
        through = self.environment
        self.environment = through | {"DATABASE_URL": self._direct, "ORQ_TRANSACTION_POOLER": "false"}
        try:
            return super().manage(*arguments)
        finally:
            self.environment = through


def test_the_documented_time_outs_are_ours() -> None:
    assert dict(DOCUMENTED) == TIME_OUTS


def test_none_starts_without_the_time_outs(tmp_path: Path) -> None:
    direct = own_database(tmp_path, {})
    with PgBouncer(direct) as pooler:
        service = Pooled(tmp_path, direct, pooler)
        service.start("beat", "-m", "celery", "-A", "orqsite", "-q", "beat")
        status = service.children["beat"].process.wait(60)

    assert status != 0
    assert "ORQ_TRANSACTION_POOLER" in service.log("beat")
    assert "SET lock_timeout = '5s'" in service.log("beat")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooled]:
    folder = tmp_path_factory.mktemp("pooled")
    direct = own_database(folder, dict(DOCUMENTED))
    with PgBouncer(direct) as pooler, Pooled(folder, direct, pooler) as service:
        yield service


def test_migrate_goes_past_the_pooler(service: Pooled) -> None:
    with pytest.raises(AssertionError, match="ORQ_TRANSACTION_POOLER"):
        Service.manage(service, "migrate")


def test_runs_are_called_once_each_and_the_audit_reads_all_of_them(service: Pooled) -> None:
    with AgentServer() as server:
        agent = Agent(service, server)
        once = [agent.create("once", in_seconds(3)) for _ in range(10)]
        daily = agent.create("cron", "0 0 9 * * *")
        agent.trigger(daily)

        states = [agent.ended_run(each)["state"] for each in (*once, daily)]

        assert states == ["succeeded"] * 11
        assert len(agent.calls()) == 11
        agent.client.close()
    assert service.manage("audit").endswith("10 of 10 instants accounted for")


def test_the_time_outs_are_in_force_in_every_session_of_the_pool(service: Pooled) -> None:
    url = service.environment["DATABASE_URL"]
    with ExitStack() as stack:
        sessions = [stack.enter_context(psycopg.connect(url)) for _ in range(POOL_SIZE)]
        for session in sessions:  # a transaction each, so that each has a server process of its own
            found = session.execute(f"SELECT {', '.join(f'current_setting({name!r})' for name in TIME_OUTS)}")
            assert list(found.fetchone() or ()) == list(TIME_OUTS.values())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("certified", "options", "is_reached"),
    [
        ("127.0.0.1", "sslmode=verify-full&sslrootcert={}/authority.pem", True),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert={}/other.pem", False),
        ("elsewhere", "sslmode=verify-full&sslrootcert={}/authority.pem", False),
        ("elsewhere", "sslmode=verify-ca&sslrootcert={}/authority.pem", True),
    ],
)
def test_the_url_says_which_certificates_are_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, certified: str, options: str, is_reached: bool
) -> None:
    authority = make_authority()
    (tmp_path / "authority.pem").write_text(authority.public_pem)
    (tmp_path / "other.pem").write_text(make_authority().public_pem)
    with PgBouncer(own_database(tmp_path, {}), authority.sign(certified)) as pooler:
        monkeypatch.setenv("DATABASE_URL", f"{pooler.url}?{options.format(tmp_path)}")
        monkeypatch.setenv("ORQ_TRANSACTION_POOLER", "true")
        wrapper: Any = base.DatabaseWrapper(
            {"ATOMIC_REQUESTS": False, "AUTOCOMMIT": True, "TIME_ZONE": None} | database(Environment()),
            alias="encrypted",
        )
        try:
            assert is_encrypted(wrapper) == is_reached
        finally:
            wrapper.close()
            wrapper.close_pool()


def is_encrypted(wrapper: Any) -> bool:
    try:
        with wrapper.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        return False
    return bool(wrapper.connection.pgconn.ssl_in_use)
