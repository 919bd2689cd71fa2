"""Migrations go forward over what is stored, and back again."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from schedules import editing
from schedules.ledger import Problem, audit, epochs
from schedules.models import Agent, IdempotencyRecord, NextFire, Run, RunAttempt
from tests.factories import NOON, finish, make_agent, make_run, make_schedule


@pytest.mark.django_db(transaction=True)
def test_revisions_and_remembered_answers_come_and_go_with_the_schedules_kept() -> None:
    schedule = make_schedule()

    try:
        call_command("migrate", "schedules", "0002_cadence_epochs", verbosity=0)
        assert IdempotencyRecord._meta.db_table not in connection.introspection.table_names()
    finally:
        call_command("migrate", "schedules", verbosity=0)

    schedule.refresh_from_db()
    assert schedule.revision == 1
    IdempotencyRecord.objects.create(workspace=schedule.workspace, key="k", created_at=NOON)


@pytest.mark.django_db(transaction=True)
def test_next_fires_move_into_their_own_table_and_back() -> None:
    active, finished, suspended = make_schedule(), make_schedule(), make_schedule()
    finish(finished)
    NextFire.objects.filter(schedule=suspended).update(suspended_until=NOON)
    before = set(NextFire.objects.values_list())
    columns = "id, next_fire_at IS NULL, held_until IS NULL"

    try:
        call_command("migrate", "schedules", "0008_no_second_index_of_agents", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM schedules_schedule")  # noqa: S608 - our own words
            back = {row[0]: tuple(map(bool, row[1:])) for row in cursor.fetchall()}
    finally:
        call_command("migrate", "schedules", verbosity=0)

    assert back == {active.id: (False, True), finished.id: (True, True), suspended.id: (False, False)}
    assert set(NextFire.objects.values_list()) == before


@pytest.mark.django_db(transaction=True)
def test_stored_runs_get_their_agent_and_their_trace_keeps_its_owner() -> None:
    run = make_run(make_schedule(), agent_trace_id="a" * 32, trace_id="b" * 32)

    try:
        call_command("migrate", "schedules", "0015_scopes", verbosity=0)
    finally:
        call_command("migrate", "schedules", verbosity=0)

    run.refresh_from_db()
    assert (run.agent_id, run.workspace_id) == (run.schedule.agent_id, run.schedule.workspace_id)
    assert (run.agent_trace_id, run.trace_id) == ("a" * 32, "")


@pytest.mark.django_db(transaction=True)
def test_of_what_is_older_than_its_account_an_audit_expects_nothing() -> None:
    schedule = make_schedule(expression="0 0 * * * *")
    editing.update(schedule.id, {"is_active": False}, "apk_x", NOON + timedelta(minutes=1))
    editing.update(schedule.id, {"expression": "0 30 * * * *"}, "apk_x", NOON + timedelta(minutes=2))
    editing.update(schedule.id, {"is_active": True}, "apk_x", NOON + timedelta(minutes=3))
    done: dict[str, Any] = {"state": "succeeded", "started_at": NOON, "finished_at": NOON}
    make_run(schedule, **done, generation=1, manual_number=1)
    make_run(schedule, **done, attempt=3)
    half = make_run(schedule, **done, attempt=3)
    RunAttempt.objects.create(
        run=half, number=2, started_at=NOON, ended_at=NOON, outcome="failed", error_code="x"
    )
    Run.objects.filter(manual_number=1).delete()

    try:
        call_command("migrate", "schedules", "0021_known_encryption_keys", verbosity=0)
    finally:
        call_command("migrate", "schedules", verbosity=0)

    schedule.refresh_from_db()
    assert (schedule.epoch_count, schedule.manual_count) == (2, 0)
    assert schedule.payload_bytes in range(len('{"input":"Hello"}'), 25)
    assert audit(NOON + timedelta(minutes=20)).findings == []
    RunAttempt.objects.all().delete()
    assert [each.problem for each in audit(NOON + timedelta(minutes=20)).findings] == [
        Problem.ATTEMPTS,
        Problem.TALLY,
    ]


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
@pytest.mark.parametrize("count", [4, 5], ids=["whole batches", "a rest"])
def test_stored_runs_get_their_agent_over_several_batches(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    module = import_module("schedules.migrations.0018_runs_of_agents_stored")
    monkeypatch.setattr(module, "BATCH", 2)
    schedules = [make_schedule() for _ in range(2)]
    stored = [make_run(schedules[number % 2]) for number in range(count)]
    of_another = {"agent_id": schedules[1].agent_id, "workspace_id": schedules[1].workspace_id}
    known = make_run(schedules[0], **of_another)
    Run.objects.exclude(id=known.id).update(agent=None, workspace=None)

    module.fill(apps, connection.schema_editor())

    owners = {run.id: (run.agent_id, run.workspace_id) for run in Run.objects.all()}
    assert owners.pop(known.id) == (schedules[1].agent_id, schedules[1].workspace_id)
    assert owners == {run.id: (run.schedule.agent_id, run.schedule.workspace_id) for run in stored}


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
