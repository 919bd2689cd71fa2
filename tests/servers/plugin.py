"""pytest plugin: real servers for the tests, started here and gone afterwards.

It fills in DATABASE_URL and REDIS_URL before Django reads its settings; where the environment has its own,
those win. ORQ_TEST_DATABASE=sqlite runs on a SQLite file instead of PostgreSQL. The servers start while the
tests are collected, and the first test waits for them.
"""

import base64
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from orqsite.embedded.valkey import Valkey
from tests.servers.postgres import Postgres

KEPT_SETTINGS = ("ORQ_TEST_", "ORQ_BOOTSTRAP")
UNLIMITED = ("ORQ_RATE_PER_KEY", "ORQ_RATE_TRIGGER_PER_SCHEDULE")
"""Tests make more requests in a minute than clients do; those of the limits set them."""


class Servers:
    """The servers of one test session; their URLs are in the environment from the moment they are planned."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="test-servers-"))
        self.valkey: Valkey | None = None
        self.postgres: Postgres | None = None
        self._starts: list[threading.Thread] = []
        self._failures: list[BaseException] = []

    def plan(self) -> None:
        """Choose every server's address and put it into the environment."""
        for name in [
            name for name in os.environ if name.startswith("ORQ_") and not name.startswith(KEPT_SETTINGS)
        ]:
            del os.environ[name]  # a developer's own settings must not change what is tested
        os.environ["ORQ_DATA_DIR"] = str(self.folder / "data")
        os.environ["ORQ_ENCRYPTION_KEYS"] = base64.urlsafe_b64encode(os.urandom(32)).decode()
        for limit in UNLIMITED:
            os.environ[limit] = "0"
        if not os.environ.get("REDIS_URL"):
            self.valkey = Valkey(self.folder / "valkey")
            os.environ["REDIS_URL"] = self.valkey.url
        if os.environ.get("ORQ_TEST_DATABASE") == "sqlite":
            os.environ["DATABASE_URL"] = f"sqlite:///{self.folder / 'db.sqlite3'}"
        elif not os.environ.get("DATABASE_URL"):
            self.postgres = Postgres()
            os.environ["DATABASE_URL"] = self.postgres.url

    def start(self) -> None:
        """Start all servers at once, in the background."""
        for server in (self.valkey, self.postgres):
            if server is not None:
                thread = threading.Thread(target=self._start, args=(server,))
                thread.start()
                self._starts.append(thread)

    def _start(self, server: Valkey | Postgres) -> None:
        try:
            start_patiently(server)
        except Exception as error:  # shown by wait(), in the thread that can end the session
            self._failures.append(error)

    def wait(self) -> None:
        """Return when all servers answer; end the session when one does not start."""
        for thread in self._starts:
            thread.join()
        if self._failures:
            pytest.exit(f"A server for the tests did not start. {self._failures[0]}", returncode=1)

    def stop(self) -> None:
        """Stop all servers and delete everything they wrote."""
        for thread in self._starts:
            thread.join()
        if self.valkey is not None:
            self.valkey.stop()
        if self.postgres is not None:
            self.postgres.remove()
        shutil.rmtree(self.folder, ignore_errors=True)


_servers: Servers | None = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start before pytest-django, whose part of this hook reads the settings."""
    global _servers
    options = early_config.known_args_namespace
    if not (options.help or options.version):
        _servers = Servers()
        early_config.add_cleanup(_servers.stop)
        _servers.plan()
        if not options.collectonly:
            _servers.start()
    yield


def pytest_configure() -> None:
    """On SQLite use a real file: several connections and processes must meet in it."""
    if _servers is not None and _on_sqlite():
        from django.db import connections

        connections.settings["default"].setdefault("TEST", {})["NAME"] = str(_servers.folder / "test.sqlite3")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs PostgreSQL when there is none, what is for the night, what needs a program of its own."""
    away = {
        "postgresql": _on_sqlite(),
        "night": os.environ.get("ORQ_TEST_NIGHT") != "1",
        "node": os.environ.get("ORQ_TEST_NODE") != "1",
        "nginx": os.environ.get("ORQ_TEST_NGINX") != "1",
        "alerts": os.environ.get("ORQ_TEST_ALERTS") != "1",
        "prometheus": os.environ.get("ORQ_TEST_PROMETHEUS") != "1",
        "console": os.environ.get("ORQ_TEST_CONSOLE") != "1",
        "debian": os.environ.get("ORQ_TEST_DEBIAN") != "1",
        "kubernetes": os.environ.get("ORQ_TEST_KUBERNETES") != "1",
        "containers": os.environ.get("ORQ_TEST_CONTAINERS") != "1",
    }
    leave_out = [item for item in items if any(item.get_closest_marker(name) for name in away if away[name])]
    config.hook.pytest_deselected(items=leave_out)
    items[:] = [item for item in items if item not in leave_out]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Wait for the servers; refuse to empty a Redis that somebody uses."""
    if _servers is None or session.config.option.collectonly:
        return
    _servers.wait()
    if _servers.valkey is None and _client().dbsize():
        pytest.exit(
            "REDIS_URL names a database that is not empty, and the tests would empty it: "
            "name an unused one, for example redis://localhost:6379/15.",
            returncode=1,
        )


@pytest.fixture
def valkey() -> Iterator[redis.Redis]:
    """A client of the session's broker, empty before and after the test; its URL is in `settings.REDIS_URL`."""
    client = _client()
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def start_valkey(tmp_path: Path) -> Iterator[Callable[[], Valkey]]:
    """Start a private Valkey (`.url`, `.stop()`, `.kill()`, `.start()` again on the same port)."""
    with ExitStack() as stack:

        def start() -> Valkey:
            server = Valkey(Path(tempfile.mkdtemp(dir=tmp_path)))
            stack.callback(server.stop)
            server.start()
            return server

        yield start


@pytest.fixture
def start_postgres() -> Iterator[Callable[[], Postgres]]:
    """Start a private PostgreSQL (`.url`, `.stop()`, `.kill()`, `.start()` again on the same port)."""
    with ExitStack() as stack:

        def start() -> Postgres:
            server = Postgres()
            stack.callback(server.remove)
            server.start()
            return server

        yield start


def start_patiently(server: Valkey | Postgres) -> None:
    """Start it; a system that is starting three sessions at once may refuse a process for a moment (seen: EFAULT)."""
    for pause_seconds in (0.5, 2):
        try:
            server.start()
        except OSError as error:
            print(f"Once more in {pause_seconds} s: {error}")
            time.sleep(pause_seconds)
        else:
            return
    server.start()


def _client() -> redis.Redis:
    return redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=5, socket_connect_timeout=5)


def _on_sqlite() -> bool:
    return os.environ.get("DATABASE_URL", "").startswith("sqlite")
