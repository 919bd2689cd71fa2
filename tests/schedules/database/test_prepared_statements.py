"""The statements of each run and request are prepared once a connection, and a migration under them is survived."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import NotSupportedError, transaction
from django.db import connection as typed_connection
from pytest_django import Settings

from schedules.api import lookups_postgresql
from schedules.database.cursors import server_bound_cursor
from schedules.models import Schedule
from schedules.runs import claim_postgresql, finishing
from schedules.triggering import postgresql
from tests.factories import NOON, make_agent, make_run, make_schedule

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

LEASE = timedelta(seconds=15)
connection: Any = typed_connection  # PostgreSQL's, which has a pool


@pytest.fixture(autouse=True)
def _own_connection() -> Iterator[None]:
    """Each test begins with a server process that has prepared nothing, and leaves none behind."""
    connection.close()
    connection.close_pool()
    yield
    connection.close()
    connection.close_pool()


def prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [row[0] for row in cursor.fetchall()]


def test_claim_success_trigger_and_retrieve_are_prepared_and_prepared_once() -> None:
    schedule = make_schedule()
    for _ in range(2):
        claimed = claim_postgresql.start(make_run(schedule).id, 1, "worker", NOON, LEASE)
        assert claimed is not None
        run = postgresql.add(schedule.id, timedelta(0), None)
        assert run is not None
        finishing.succeed(run.id, 1, None, output_text="done")
        lookups_postgresql.find(schedule.agent.workspace_id, schedule.agent.key, schedule.id)

    beginnings = sorted(statement.split(None, 2)[0] for statement in prepared())
    assert beginnings == ["INSERT", "SELECT", "UPDATE", "WITH", "WITH"]


def test_others_are_not() -> None:
    with server_bound_cursor() as cursor:
        cursor.execute("SELECT %s::int", [1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::int", [1])

    assert prepared() == []


@pytest.mark.parametrize("is_on", [True, False])
def test_the_setting_decides(settings: Settings, is_on: bool) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"without": [] if is_on else ["prepared"]})

    with server_bound_cursor(is_prepared=True) as cursor:
        cursor.execute("SELECT %s::int", [1])

    assert bool(prepared()) is is_on


def test_a_column_that_changes_under_a_prepared_statement_is_no_error(found: Any) -> None:
    assert found() is not None
    with _altered():
        assert found() is not None
        assert found() is not None


def test_in_a_transaction_it_is_one_and_the_next_works(found: Any) -> None:
    found()
    with _altered():
        with pytest.raises(NotSupportedError), transaction.atomic():
            found()
        with transaction.atomic():
            assert found() is not None


@pytest.fixture
def found() -> Any:
    schedule = make_schedule(make_agent(key="digest"))
    return lambda: lookups_postgresql.find(schedule.agent.workspace_id, "digest", schedule.id)


@contextmanager
def _altered() -> Iterator[None]:
    """A migration, on a connection of its own, gives a column another type."""
    field: Any = Schedule._meta.get_field("display_name")
    _alter("text")
    try:
        yield
    finally:
        connection.close()  # its transaction would hold the table
        _alter(field.db_type(connection))


def _alter(to: str) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(f"ALTER TABLE schedules_schedule ALTER COLUMN display_name TYPE {to}")
    finally:
        other.close()
