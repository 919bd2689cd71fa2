"""Connections of the pool: none that the server has ended is used, and asking the server is rare."""

import select
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from orqsite.databases import database
from orqsite.environment import Environment
from orqsite.postgresql import base, pool_check
from tests.servers.postgres import Postgres
from tests.waiting import wait_for

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]  # who may use connections


def test_the_tests_use_a_database_of_their_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        assert cursor.fetchone() == (connection.settings_dict["NAME"],)
    assert connection.settings_dict["NAME"].startswith("test_")


@pytest.fixture(scope="module")
def running() -> Iterator[Postgres]:
    server = Postgres()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def server(running: Postgres) -> Iterator[Postgres]:
    """A PostgreSQL that the tests may hurt; each finds it as it was."""
    yield running
    if running.child is None:
        running.start()
    _say(running, "ALTER SYSTEM RESET ALL", "ALTER ROLE postgres RESET ALL", "SELECT pg_reload_conf()")
    wait_for(lambda: not _is_read_only(running), 10)


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
    monkeypatch.setattr(pool_check, "FRESH_SECONDS", seconds)


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
    monkeypatch.setattr(pool_check, "works", _not_asked)
    wrapper: Any = base.DatabaseWrapper(_settings(Environment(without=["pool_check"])), alias="hurt")

    ended = _request(wrapper)
    _end(server, ended)

    assert _request(wrapper) != ended
    wrapper.close_pool()


def _not_asked(_: object) -> bool:
    raise AssertionError("the service's own check was made")


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


def _say(server: Postgres, *statements: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as operator:
        operator.execute("SET default_transaction_read_only = off")
        for statement in statements:
            operator.execute(statement)


def _set(server: Postgres, setting: str) -> None:
    _say(server, f"ALTER SYSTEM SET {setting}", "SELECT pg_reload_conf()")


def _write(wrapper: Any) -> None:
    try:
        with wrapper.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS written (number integer)")
            cursor.execute("INSERT INTO written VALUES (1)")
    finally:
        wrapper.close()


def test_a_session_that_can_write_no_more_is_thrown_away_and_the_error_may_be_waited_out(
    wrapper: Any, server: Postgres
) -> None:
    """As after a failover: the old writer's sessions live on, read-only."""
    _write(wrapper)
    _set(server, "default_transaction_read_only = on")
    wait_for(lambda: _is_read_only(server), 10)

    with pytest.raises(OperationalError):
        _write(wrapper)
    with pytest.raises(OperationalError):  # no new session of a server that takes no writes
        _request(wrapper)

    _set(server, "default_transaction_read_only = off")
    wait_for(lambda: _writes(wrapper), 30, "writes to be taken again")


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_may_not_write_is_over_and_its_session_gone() -> None:
    with pytest.raises(OperationalError):
        _write_in_a_read_only_transaction()

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@transaction.atomic
def _write_in_a_read_only_transaction() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        with transaction.atomic():
            cursor.execute("CREATE TABLE written (number integer)")


def test_a_session_on_a_server_that_is_read_only_from_the_start_does_not_stay(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the URL says that any server will do: each write gets a new session, until one of them can write."""
    _set(server, "default_transaction_read_only = on")
    wait_for(lambda: _is_read_only(server), 10)
    monkeypatch.setenv("DATABASE_URL", f"{server.url}?target_session_attrs=any")
    wrapper: Any = base.DatabaseWrapper(_settings(Environment()), alias="any")
    first = _request(wrapper)

    with pytest.raises(OperationalError), wrapper.cursor() as cursor:
        cursor.execute("CREATE TABLE written (number integer)")
    wrapper.close()

    assert _request(wrapper) != first
    wrapper.close_pool()


def _is_read_only(server: Postgres) -> bool:
    with psycopg.connect(server.url) as connection:
        return connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)


def _writes(wrapper: Any) -> bool:
    try:
        _write(wrapper)
    except OperationalError:
        return False
    return True


def test_a_session_that_slept_in_its_transaction_ends_as_an_outage_does(wrapper: Any) -> None:
    with pytest.raises(OperationalError):
        _sleep_in_a_transaction(wrapper)


def _sleep_in_a_transaction(wrapper: Any) -> None:
    with wrapper.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 50")
        cursor.execute("BEGIN")
    wait_for(lambda: select.select([wrapper.connection.fileno()], [], [], 0)[0], 10)
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT 1")


@pytest.mark.parametrize(
    ("servers", "ours"), [("off", "on"), ("on", "on"), ("remote_apply", "remote_apply"), ("local", "local")]
)
def test_commits_wait_for_the_disk_whatever_the_server_is_set_to(
    wrapper: Any, server: Postgres, servers: str, ours: str
) -> None:
    _say(server, f"ALTER ROLE postgres SET synchronous_commit = {servers}")

    with wrapper.cursor() as cursor:
        cursor.execute("SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'")
        assert cursor.fetchone() == (ours, "session"), "a reload of the server's settings takes it back"


def test_a_url_may_ask_for_any_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@/db?host=a,b&target_session_attrs=any")

    options = database(Environment())["OPTIONS"]

    assert (options["host"], options["target_session_attrs"]) == ("a,b", "any")
