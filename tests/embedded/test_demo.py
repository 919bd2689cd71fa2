"""The demo's data: seeded once, left alone afterwards; its secrets are for their owner's eyes."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command

from schedules import api_keys, editing, ledger
from schedules.database.clock import database_now
from schedules.database.ulids import lowest_ulid_at
from schedules.management import demo_history
from schedules.management.commands.seed_demo import LOGIN, PASSWORD_FILE, TOKEN_FILE, WORKSPACE
from schedules.management.demo_history import FAILING, HERD, WORKER
from schedules.models import (
    Agent,
    ApiKey,
    ComingLoad,
    HourTally,
    MissedFiring,
    Run,
    RunState,
    Schedule,
    Workspace,
)
from tests.factories import make_schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """The data folder of this test."""
    settings.ORQ = settings.ORQ.model_copy(update={"data_dir": tmp_path})
    return tmp_path


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The story of an hour: what is asked here is not about it."""
    monkeypatch.setattr(demo_history, "LENGTH", timedelta(hours=1))


def seed() -> None:
    call_command("seed_demo", verbosity=0)


@pytest.mark.usefixtures("_short")
def test_it_has_a_schedule_of_each_type_on_agents_that_need_no_model(folder: Path) -> None:
    seed()

    schedules = Schedule.objects.filter(workspace__name=WORKSPACE)
    assert set(schedules.values_list("type", flat=True)) == {"cron", "interval", "once"}
    stopped = schedules.filter(is_active=False)
    assert [schedule.pause_note for schedule in stopped] == ["Demo: no releases before Monday"]
    assert set(Agent.objects.exclude(key=FAILING).values_list("runtime", flat=True)) == {"echo"}


@pytest.mark.usefixtures("_short")
def test_seeding_again_makes_no_duplicates(folder: Path) -> None:
    seed()
    before = [
        list(model.objects.order_by("pk"))
        for model in (Workspace, Agent, Schedule, ApiKey, Run, MissedFiring)
    ]
    token = (folder / TOKEN_FILE).read_text()

    seed()

    assert [
        list(model.objects.order_by("pk"))
        for model in (Workspace, Agent, Schedule, ApiKey, Run, MissedFiring)
    ] == before
    assert (folder / TOKEN_FILE).read_text() == token


@pytest.mark.usefixtures("_short")
def test_what_a_person_changed_or_deleted_stays_so(folder: Path) -> None:
    seed()
    cron, interval = (
        Schedule.objects.get(display_name=name) for name in ("Briefing on weekdays", "Inbox every hour")
    )
    count = Schedule.objects.live().count()
    editing.update(cron.id, {"is_active": False}, "somebody", database_now())
    editing.delete(interval.id, "somebody", database_now())

    seed()

    assert Schedule.objects.live().count() == count - 1
    cron.refresh_from_db()
    assert not cron.is_active


@pytest.mark.usefixtures("_short")
def test_the_kept_token_opens_a_writing_key_and_only_its_owner_can_read_it(folder: Path) -> None:
    seed()

    key = api_keys.find((folder / TOKEN_FILE).read_text().strip())

    assert key is not None
    assert (key.scope, key.workspace.name) == ("write", WORKSPACE)
    assert (folder / TOKEN_FILE).stat().st_mode & 0o077 == 0
    assert (folder / PASSWORD_FILE).stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("_short")
def test_a_revoked_key_is_replaced(folder: Path) -> None:
    seed()
    revoked = api_keys.find((folder / TOKEN_FILE).read_text().strip())
    assert revoked is not None
    api_keys.revoke(revoked, database_now())

    seed()

    key = api_keys.find((folder / TOKEN_FILE).read_text().strip())
    assert key is not None
    assert key.id != revoked.id
    assert key.is_enabled


@pytest.mark.usefixtures("_short")
def test_the_kept_password_opens_the_console_also_after_it_was_lost(folder: Path) -> None:
    seed()
    first = (folder / PASSWORD_FILE).read_text().strip()
    assert authenticate(username=LOGIN, password=first) is not None

    (folder / PASSWORD_FILE).unlink()
    seed()

    second = (folder / PASSWORD_FILE).read_text().strip()
    user = authenticate(username=LOGIN, password=second)
    assert user is not None
    assert user.is_superuser
    assert authenticate(username=LOGIN, password=first) is None


def test_it_looks_back_on_a_week_that_the_ledger_accounts_for(folder: Path) -> None:
    seed()

    now, runs = database_now(), Run.objects.all()
    assert set(runs.values_list("state", flat=True)) == {*RunState} - {RunState.PENDING, RunState.RUNNING}
    assert runs.filter(is_misfire=True, state=RunState.SUCCEEDED).exists()
    assert MissedFiring.objects.exists()
    assert set(runs.exclude(started_at=None).values_list("worker", flat=True)) == {WORKER}
    recent = runs.filter(schedule__agent__key=FAILING, id__gte=lowest_ulid_at(now - timedelta(hours=12)))
    assert set(recent.values_list("state", flat=True)) == {RunState.FAILED}
    _instants_are_those_of_a_week()
    audit = ledger.audit(database_now())
    assert (audit.is_clean, audit.findings) == (True, [])
    counted = HourTally.objects.exclude(state="missed").values_list("run_count", flat=True)
    assert sum(counted) == Run.objects.count()


def _instants_are_those_of_a_week() -> None:
    now, oldest = database_now(), Run.objects.order_by("id")[0]
    assert oldest.fire_time is not None
    assert timedelta(days=6, hours=20) < now - oldest.fire_time < timedelta(days=7, hours=1)
    for run in Run.objects.exclude(started_at=None):
        assert run.fire_time is not None
        assert run.started_at is not None
        assert run.finished_at is not None
        assert run.fire_time <= run.created_at <= run.started_at <= run.finished_at <= now
        assert lowest_ulid_at(run.created_at)[:10] == run.id[:10]


@pytest.mark.usefixtures("_short")
def test_it_has_a_herd_that_the_coming_week_knows(folder: Path) -> None:
    seed()

    herds = ComingLoad.objects.all()[0].herds

    assert herds
    assert min(count for _, count in herds.values()) >= HERD


def test_beside_schedules_of_somebody_else_no_past_is_told(folder: Path) -> None:
    make_schedule()

    seed()

    assert not Run.objects.exists()
