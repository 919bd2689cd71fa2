"""The demo's data: seeded once, left alone afterwards; its secrets are for their owner's eyes."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command

from schedules import api_keys, editing
from schedules.database.clock import database_now
from schedules.management.commands.seed_demo import LOGIN, PASSWORD_FILE, TOKEN_FILE, WORKSPACE
from schedules.models import Agent, ApiKey, Schedule, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """The data folder of this test."""
    settings.ORQ = settings.ORQ.model_copy(update={"data_dir": tmp_path})
    return tmp_path


def seed() -> None:
    call_command("seed_demo", verbosity=0)


def test_it_has_a_schedule_of_each_type_on_agents_that_need_no_model(folder: Path) -> None:
    seed()

    schedules = Schedule.objects.filter(workspace__name=WORKSPACE)
    assert sorted(schedules.values_list("type", flat=True)) == ["cron", "interval", "once"]
    assert all(schedule.is_active and schedule.next_fire_at for schedule in schedules)
    assert set(Agent.objects.values_list("runtime", flat=True)) == {"echo"}


def test_seeding_again_makes_no_duplicates(folder: Path) -> None:
    seed()
    before = [list(model.objects.order_by("pk")) for model in (Workspace, Agent, Schedule, ApiKey)]
    token = (folder / TOKEN_FILE).read_text()

    seed()

    assert [list(model.objects.order_by("pk")) for model in (Workspace, Agent, Schedule, ApiKey)] == before
    assert (folder / TOKEN_FILE).read_text() == token


def test_what_a_person_changed_or_deleted_stays_so(folder: Path) -> None:
    seed()
    cron, interval = (Schedule.objects.get(type=type_) for type_ in ("cron", "interval"))
    editing.update(cron.id, {"is_active": False}, "somebody", database_now())
    editing.delete(interval.id, "somebody", database_now())

    seed()

    assert Schedule.objects.live().count() == 2
    cron.refresh_from_db()
    assert not cron.is_active


def test_the_kept_token_opens_a_writing_key_and_only_its_owner_can_read_it(folder: Path) -> None:
    seed()

    key = api_keys.find((folder / TOKEN_FILE).read_text().strip())

    assert key is not None
    assert (key.scope, key.workspace.name) == ("write", WORKSPACE)
    assert (folder / TOKEN_FILE).stat().st_mode & 0o077 == 0
    assert (folder / PASSWORD_FILE).stat().st_mode & 0o077 == 0


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
