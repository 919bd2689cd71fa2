"""Connections of the pool: none that the server has ended is used, and asking the server is rare."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.db.backends.postgresql.base import DatabaseWrapper as DjangosWrapper

from orqsite.databases import database
from orqsite.environment import Environment
from orqsite.postgresql import base
from tests.servers.postgres import Postgres
from tests.waiting import wait_for

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]  # who may use connections


def test_the_tests_use_a_database_of_their_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        assert cursor.fetchone() == (connection.settings_dict["NAME"],)
    assert connection.settings_dict["NAME"].startswith("test_")


@pytest.fixture
def server(start_postgres: Callable[[], Postgres]) -> Postgres:
    """A PostgreSQL that the test may hurt."""
    return start_postgres()


@pytest.fixture
def wrapper(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Django's connection to it, made of the service's settings."""
    monkeypatch.setenv("DATABASE_URL", server.url)
    wrapper = base.DatabaseWrapper(_settings(Environment()), alias="hurt")
    yield wrapper
    wrapper.close()
    wrapper.close_pool()


def _settings(environment: Environment) -> dict[str, Any]:
    return {"ATOMIC_REQUESTS": False, "AUTOCOMMIT": True, "TIME_ZONE": None} | database(environment)


def _end(server: Postgres, pid: int) -> None:
    """An administrator ends this server process."""
    with psycopg.connect(server.url, autocommit=True) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s)", [pid])
        wait_for(
            lambda: (
                not administrator.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
            )
        )


def _request(wrapper: Any) -> int:
    """What a request does: take a connection, ask, give it back; the server process that answered."""
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
    wrapper.close()
    return pid


def _hold_fresh_for(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(base, "FRESH_SECONDS", seconds)


def test_a_connection_is_used_again(wrapper: Any) -> None:
    assert len({_request(wrapper) for _ in range(5)}) == 1


@pytest.mark.parametrize("fresh", [0.0, 3600.0], ids=["asked", "looked at"])
def test_a_connection_that_the_server_ended_is_replaced(
    wrapper: Any, server: Postgres, monkeypatch: pytest.MonkeyPatch, fresh: float
) -> None:
    _hold_fresh_for(monkeypatch, fresh)
    ended = _request(wrapper)
    _end(server, ended)

    assert _request(wrapper) != ended


@pytest.mark.parametrize("fresh", [0.0, 3600.0], ids=["asked", "looked at"])
def test_after_a_crash_of_the_server_requests_go_on(
    wrapper: Any, server: Postgres, monkeypatch: pytest.MonkeyPatch, fresh: float
) -> None:
    _hold_fresh_for(monkeypatch, fresh)
    _request(wrapper)
    server.kill()
    server.start()

    assert _request(wrapper)


def test_without_the_services_check_the_pools_own_replaces_what_the_server_ended(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", server.url)
    wrapper: Any = DjangosWrapper(_settings(Environment(without=["pool_check"])), alias="hurt")

    assert wrapper.settings_dict["ENGINE"] == "django.db.backends.postgresql"
    ended = _request(wrapper)
    _end(server, ended)

    assert _request(wrapper) != ended
    wrapper.close_pool()


def test_while_the_server_is_away_the_error_is_djangos(wrapper: Any, server: Postgres) -> None:
    _request(wrapper)
    server.kill()  # its processes go on for a moment, until they notice

    with pytest.raises(OperationalError):
        _keep_requesting(wrapper, until=time.monotonic() + 30)


def _keep_requesting(wrapper: Any, until: float) -> None:
    while time.monotonic() < until:
        _request(wrapper)


def test_only_a_connection_that_was_idle_for_long_is_asked(
    wrapper: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries: list[str] = []
    execute = psycopg.Connection.execute

    def counted(self: Any, query: Any, *rest: Any, **options: Any) -> Any:
        queries.append(query)
        return execute(self, query, *rest, **options)

    _request(wrapper)
    monkeypatch.setattr(psycopg.Connection, "execute", counted)
    _hold_fresh_for(monkeypatch, 3600.0)
    for _ in range(3):
        _request(wrapper)
    assert queries == []

    monkeypatch.setattr(time, "monotonic", _later(time.monotonic, 3601))
    _request(wrapper)
    assert queries == [""]


def _later(clock: Callable[[], float], seconds: float) -> Callable[[], float]:
    """The clock, so much later."""
    return lambda: clock() + seconds
