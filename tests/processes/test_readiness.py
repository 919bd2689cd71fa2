"""/readyz of a real web process, while a real PostgreSQL cannot be written in one way or another."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port
from tests.processes.databases import ROOT
from tests.servers.postgres import Postgres
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

DISK_MEGABYTES = 400


class Web:
    """A web process on a database of its own."""

    def __init__(self, database: Postgres, folder: Path) -> None:
        self.port = free_port()
        self._environment = os.environ | {
            "DATABASE_URL": database.url,
            "ORQ_DATA_DIR": str(folder / "data"),
            "ORQ_BOOTSTRAP": "off",
        }
        self._log = (folder / "web.log").open("ab")
        self._migrate()
        bind = ["--bind", f"{LOOPBACK}:{self.port}", "--threads", "4", "--no-control-socket"]
        command = [sys.executable, "-m", "gunicorn", "orqsite.wsgi", *bind]
        self._child = Child(command, env=self._environment, cwd=ROOT, output=self._log)
        wait_for(lambda: self.says("ok"), 30, "the web process")

    def _migrate(self) -> None:
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, env=self._environment, cwd=ROOT, check=True)

    def ready(self) -> tuple[int, Any]:
        """The status and the document of /readyz?only=database."""
        with httpx2.Client(trust_env=False, timeout=15) as client:
            answer = client.get(f"http://{LOOPBACK}:{self.port}/readyz?only=database")
        return answer.status_code, answer.json()

    def says(self, state: str) -> bool:
        """Whether it now says so of the database, with the status that belongs to it."""
        with suppress(httpx2.TransportError):
            status, document = self.ready()
            return bool((status, document["database"]) == (200 if state == "ok" else 503, state))
        return False

    def stop(self) -> None:
        """Kill it."""
        self._child.kill()
        self._log.close()


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    """A PostgreSQL that the tests may hurt."""
    server = Postgres()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def web(database: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    running = Web(database, tmp_path_factory.mktemp("web"))
    yield running
    running.stop()


def told(server: Postgres, *statements: str) -> None:
    """What an operator says to the server."""
    with psycopg.connect(server.url, autocommit=True) as operator:
        for statement in statements:
            operator.execute(statement)


def test_a_server_set_to_read_only(database: Postgres, web: Web) -> None:
    told(database, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")

    wait_for(lambda: web.says("read_only"), 10, "it to be red")
    assert web.ready()[1]["error"]["message"] == "The database is read-only"

    told(
        database,
        "SET default_transaction_read_only = off",
        "ALTER SYSTEM RESET default_transaction_read_only",
        "SELECT pg_reload_conf()",
    )
    wait_for(lambda: web.says("ok"), 30, "it to be green")


def test_a_standby(database: Postgres, web: Web) -> None:
    database.stop()
    (database._data / "standby.signal").touch()
    (database._data / "standby.signal").chmod(0o644)
    database.start()

    wait_for(lambda: web.says("read_only"), 30, "it to be red")

    database.stop()
    (database._data / "standby.signal").unlink()
    database.start()
    wait_for(lambda: web.says("ok"), 30, "it to be green")


def test_a_table_that_an_operator_has_locked(database: Postgres, web: Web) -> None:
    with psycopg.connect(database.url) as operator:
        operator.execute("LOCK TABLE schedules_run IN ACCESS EXCLUSIVE MODE")

        wait_for(lambda: web.says("locked"), 10, "it to be red")
        operator.rollback()

    wait_for(lambda: web.says("ok"), 10, "it to be green")


def test_a_server_that_is_gone(database: Postgres, web: Web) -> None:
    database.kill()

    wait_for(lambda: web.says("unreachable"), 30, "it to be red")

    database.start()
    wait_for(lambda: web.says("ok"), 30, "it to be green")


@pytest.fixture
def small_disk() -> Iterator[Postgres]:
    """A server whose files are on a disk of their own, which only root can make."""
    server = Postgres()
    options = f"size={DISK_MEGABYTES}m,mode=0700"
    mount = ["/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", str(server.folder)]
    if os.getuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        server.remove()
        pytest.skip("a full disk needs the right to mount one")
    try:
        server.start()
        yield server
    finally:
        server.stop()
        subprocess.run(["/bin/umount", "--lazy", str(server.folder)], check=True)
        server.remove()


def test_a_disk_that_is_full(small_disk: Postgres, tmp_path: Path) -> None:
    web = Web(small_disk, tmp_path)
    try:
        ballast = small_disk.folder / "ballast"
        fill(ballast)

        wait_for(lambda: web.says("disk_full"), 10, "it to be red")
        assert web.ready()[1]["error"]["message"] == "The database has no room left on its disk"

        ballast.unlink()
        wait_for(lambda: web.says("ok"), 20, "it to be green")
    finally:
        web.stop()


def fill(file: Path) -> None:
    """Write until the disk is full."""
    with file.open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(b"x" * 65_536)
