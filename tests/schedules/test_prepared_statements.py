"""The statements of each run and request are prepared once a connection, and a migration under them is survived."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import NotSupportedError, connection

from orqsite.databases import database
from orqsite.environment import Environment
from schedules import claim_statement, runs, trigger_statement
from schedules.api import schedule_statement
from schedules.postgresql import server_bound_cursor
from tests.factories import NOON, make_agent, make_run, make_schedule

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

LEASE = timedelta(seconds=15)


@pytest.fixture(autouse=True)
def _own_connection() -> Iterator[None]:
    """Each test begins with a server process that has prepared nothing, and leaves none behind."""
    connection.ensure_connection()
    connection.connection.execute("DEALLOCATE ALL")
    connection.connection._prepared.clear()
    yield
    if connection.connection is not None:
        connection.connection.close()
    connection.close()


def prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [row[0] for row in cursor.fetchall()]


def test_claim_success_trigger_and_retrieve_are_prepared_and_prepared_once() -> None:
    schedule = make_schedule()
    for _ in range(2):
        claimed = claim_statement.start(make_run(schedule).id, 1, "worker", NOON, LEASE)
        assert claimed is not None
        run = trigger_statement.add(schedule.id, timedelta(0), None)
        assert run is not None
        runs.succeed(run.id, 1, None, output_text="done")
        schedule_statement.find(schedule.agent.workspace_id, schedule.agent.key, schedule.id)

    beginnings = sorted(statement.split(None, 2)[0] for statement in prepared())
    assert beginnings == ["SELECT", "UPDATE", "WITH", "WITH"]


def test_others_are_not() -> None:
    with server_bound_cursor() as cursor:
        cursor.execute("SELECT %s::int", [1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::int", [1])

    assert prepared() == []


@pytest.mark.parametrize(("is_on", "is_kept"), [(True, True), (False, False)])
def test_the_setting_decides(is_on: bool, is_kept: bool) -> None:
    environment = Environment.model_construct(
        database_url="postgres://h/d", data_dir=Path("var"), database_pool_size=2, database_prepared=is_on
    )
    connection.connection.prepare_threshold = database(environment)["OPTIONS"]["prepare_threshold"]

    with server_bound_cursor(is_prepared=True) as cursor:
        cursor.execute("SELECT %s::int", [1])

    assert bool(prepared()) is is_kept


def test_a_column_that_changes_under_a_prepared_statement_fails_it_once() -> None:
    schedule = make_schedule(make_agent(key="digest"))

    def find() -> Any:
        return schedule_statement.find(schedule.agent.workspace_id, "digest", schedule.id)

    assert find() is not None
    _alter("ALTER COLUMN display_name TYPE text")
    try:
        with pytest.raises(NotSupportedError):
            find()
        connection.close()

        assert find() is not None
    finally:
        _alter("ALTER COLUMN display_name TYPE varchar(255)")


def _alter(change: str) -> None:
    """As a migration does it: on a connection of its own."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(f"ALTER TABLE schedules_schedule {change}")
    finally:
        other.close()
