"""What forms and commands of Django's save and delete: people, groups, workspaces, housekeeping tasks."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from schedules.models import JournalEntry, Workspace
from tests.schedules.journal.lines import written_by

pytestmark = pytest.mark.django_db


def changes(lines: list[JournalEntry]) -> list[Any]:
    return [line.changes for line in lines]


def test_a_new_row_says_what_it_begins_with() -> None:
    [line] = written_by(lambda: Workspace.objects.create(name="Acme", max_in_flight=3))

    assert (line.verb, line.object_type, line.object_name) == ("create", "workspace", "Acme")
    assert line.changes["max_in_flight"] == {"new": 3}
    assert str(line.workspace_id) == line.object_id


def test_a_save_says_what_is_different_and_a_save_of_nothing_says_nothing() -> None:
    workspace = Workspace.objects.create(name="Acme")
    workspace.name = "Acme Inc."

    assert changes(written_by(workspace.save)) == [{"name": {"old": "Acme", "new": "Acme Inc."}}]
    assert written_by(workspace.save) == []


def test_a_password_is_said_to_have_changed() -> None:
    user = User.objects.create_user("anna", password="correct horse battery")
    user.set_password("another horse battery")

    lines = written_by(user.save)

    assert changes(lines) == [{"password": "changed"}]
    assert user.password not in str(list(JournalEntry.objects.values()))


def test_rights_given_and_taken_are_named() -> None:
    user, group = User.objects.create(username="anna"), Group.objects.create(name="Operators")
    right = Permission.objects.get(codename="view_run")

    given = written_by(lambda: user.groups.add(group)) + written_by(lambda: user.user_permissions.add(right))
    taken = written_by(lambda: user.groups.remove(group)) + written_by(user.user_permissions.clear)

    assert changes(given) == [{"groups": {"new": ["Operators"]}}, {"permissions": {"new": [str(right)]}}]
    assert [line.object_name for line in given + taken] == ["anna"] * 4
    assert changes(taken)[0] == {"groups": {"old": ["Operators"]}}
    assert list(changes(taken)[1]) == ["permissions"]


def test_a_deletion_has_a_line_that_outlives_the_row() -> None:
    user = User.objects.create(username="anna")
    pk = str(user.pk)

    [line] = written_by(lambda: User.objects.filter(username="anna").delete())

    assert (line.verb, line.object_id, line.object_name) == ("delete", pk, "anna")


def test_what_is_nobodys_doing_has_none() -> None:
    every = IntervalSchedule.objects.create(every=1, period="hours")
    task = PeriodicTask.objects.create(name="prune", task="workers.tasks.prune_history", interval=every)
    user = User.objects.create(username="anna")

    task.last_run_at, task.total_run_count, user.last_login = timezone.now(), 5, timezone.now()

    assert written_by(task.save) == written_by(user.save) == []


def test_what_is_taken_back_has_none() -> None:
    def take_back() -> None:
        with transaction.atomic():
            Workspace.objects.create(name="Acme")
            transaction.set_rollback(True)

    assert written_by(take_back) == []
