"""A worker that has started keeps its connections, each of them used; a database that is away does not stop it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection as typed_connection
from psycopg_pool import ConnectionPool
from structlog.testing import capture_logs

from orqsite.embedded.ports import LOOPBACK, free_port
from tests.waiting import wait_for
from workers.broker import connection_warmup

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

SIZE = 4
connection: Any = typed_connection  # PostgreSQL's, which has a pool


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """This process's pool, small and empty."""
    from_settings = connection.settings_dict["OPTIONS"]["pool"]
    connection.close()
    connection.close_pool()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", from_settings | {"max_size": SIZE})
    yield connection.pool
    connection.close()
    connection.close_pool()


def statements_of(pool: Any) -> list[int]:
    """How many statements each of its connections keeps prepared."""
    lent = [pool.getconn(timeout=5) for _ in range(SIZE)]
    counts = [one.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()[0] for one in lent]
    for one in lent:
        pool.putconn(one)
    return counts


def test_each_connection_is_open_and_has_prepared_a_runs_statements(pool: Any) -> None:
    with capture_logs() as logs:
        connection_warmup.warm_up()
        wait_for(lambda: bool(logs))

    assert logs == [{"event": "worker.warmed_up", "connection_count": SIZE, "log_level": "info"}]
    assert pool.get_stats()["pool_available"] == pool.min_size == SIZE
    assert statements_of(pool) == [2] * SIZE


def test_a_database_that_is_away_is_said_and_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_warmup, "PATIENCE_SECONDS", 0.2)
    url = f"postgres://{LOOPBACK}:{free_port()}/nothing"

    with capture_logs() as logs, ConnectionPool(url, min_size=1, max_size=1) as away:
        connection_warmup.use_each_once(away)

    assert [entry["event"] for entry in logs] == ["worker.not_warmed_up"]
