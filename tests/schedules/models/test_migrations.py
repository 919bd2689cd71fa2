"""The first migration makes what was released; what a process of another version leaves out has defaults."""

import hashlib
from datetime import timedelta
from io import StringIO
from typing import Final

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from schedules.ledger import audit, epochs
from schedules.models import Agent
from tests.factories import NOON, make_agent, make_run, make_schedule
from tests.schedules.models.schema import schema

FIRST: Final = "0001_squashed_0040_schedule_names"
RELEASED: Final = {
    "postgresql": "5fd493704c943447dfe0cc6ea668df1f89c9514bed8247a7c94d30c0c11d8c3f",
    "sqlite": "4d22499b03864e0a2e5aa2e1118f2a7cd96aba12be7276b55a861965c891662a",
}
"""Digests of the schema of 0.1.0, whose forty migrations the first one has replaced."""


@pytest.mark.django_db(transaction=True)
def test_the_first_migration_makes_what_was_released_and_takes_it_away_again() -> None:
    try:
        call_command("migrate", "schedules", "zero", verbosity=0)
        assert schema() == []
        call_command("migrate", "schedules", FIRST, verbosity=0)
        made = "\n".join(schema())
    finally:
        call_command("migrate", "schedules", verbosity=0)

    digest = hashlib.sha256(made.encode()).hexdigest()
    assert digest == RELEASED[connection.vendor], (
        f"a released migration stays as it is: write another\n{made}"
    )


@pytest.mark.django_db
def test_a_database_from_before_the_release_goes_on_as_it_is() -> None:
    schedule = make_schedule()
    _forget(FIRST)

    output = StringIO()
    call_command("migrate", stdout=output)

    assert "No migrations to apply" in output.getvalue()
    assert ("schedules", FIRST) in MigrationRecorder(connection).applied_migrations()
    schedule.refresh_from_db()


@pytest.mark.django_db
@pytest.mark.parametrize("options", [{}, {"check_unapplied": True}], ids=["migrate", "migrate --check"])
def test_a_database_that_had_some_of_the_replaced_migrations_is_told_what_to_do(
    options: dict[str, bool],
) -> None:
    _forget(FIRST, "0039_coming_load", "0040_schedule_names")

    with pytest.raises(
        CommandError, match=r"lacks the migration schedules\.0039_coming_load.*empty database"
    ):
        call_command("migrate", **options)


def _forget(*names: str) -> None:
    for name in names:
        MigrationRecorder(connection).record_unapplied("schedules", name)


@pytest.mark.django_db
def test_rows_of_a_process_that_counts_nothing_are_no_findings() -> None:
    made = make_schedule(expression="0 0 * * * *")
    of_account = {"epoch_count", "manual_count", "pruned_manual_count", "payload_bytes"}
    columns = [field.column for field in made._meta.concrete_fields if field.name not in of_account | {"id"}]
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO schedules_schedule (id, {names}) SELECT 'old', {names} FROM schedules_schedule"  # noqa: S608
        )
    old = type(made).objects.get(id="old")
    epochs.begin(old, NOON + timedelta(hours=1))
    make_run(old)

    assert audit(NOON + timedelta(minutes=20)).findings == []


@pytest.mark.django_db
def test_a_run_of_a_process_that_knows_nothing_of_attempts_is_a_run() -> None:
    made = make_run(make_schedule())
    new = {
        "agent",
        "workspace",
        "again_of",
        "silent_count",
        "attempt_started_at",
        "output_types",
        "agent_trace_id",
        "manual_number",
        "first_kept_attempt",
    }
    columns = [field.column for field in made._meta.concrete_fields if field.name not in new | {"id"}]
    names = ", ".join(f'"{name}"' for name in columns)

    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO schedules_run (id, {names}) SELECT 'old', {names} FROM schedules_run"  # noqa: S608
        )

    old = type(made).objects.get(id="old")
    assert (old.silent_count, old.again_of, old.agent_id) == (0, "", None)


@pytest.mark.django_db
def test_an_agent_of_a_process_that_knows_none_of_its_new_settings_has_their_defaults() -> None:
    made = make_agent()
    known = (
        *("workspace_id", "runtime", "base_url", "path", "credential_header", "sealed_credential"),
        *("connect_timeout", "read_timeout", "total_timeout", "max_response_bytes", "max_attempts"),
        *("retry_base", "retry_cap", "created_at", "updated_at"),
    )
    names = ", ".join(f'"{name}"' for name in known)

    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO schedules_agent (id, key, {names}) SELECT 'old', 'old', {names} FROM schedules_agent"  # noqa: S608
        )

    old = Agent.objects.get(id="old")
    assert (old.extra_body, old.extra_headers, old.sealed_signing_secrets) == ({}, {}, [])
    assert (old.dialect, old.max_silent_attempts, old.background) == ("", 1, False)
    assert made.deleted_at == old.deleted_at is None


@pytest.mark.django_db
def test_a_row_of_a_process_that_knows_no_revision_has_the_first() -> None:
    made = make_schedule()
    columns = [field.column for field in made._meta.concrete_fields if field.name not in ("id", "revision")]
    names = ", ".join(f'"{name}"' for name in columns)

    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO schedules_schedule (id, {names}) SELECT 'old', {names} FROM schedules_schedule"  # noqa: S608
        )

    assert type(made).objects.get(id="old").revision == 1


@pytest.mark.postgresql
@pytest.mark.django_db
def test_no_firing_feeds_an_index_for_like() -> None:
    """But for the one of names, which no firing changes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%%pattern_ops%%' "
            "AND tablename IN ('schedules_run', 'schedules_schedule', 'schedules_nextfire', 'schedules_missedfiring')"
        )
        assert cursor.fetchall() == [("schedule_name_begins",)]
