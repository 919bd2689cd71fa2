"""Lines are kept for their own time, then go, the oldest first; nothing else deletes or changes one."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from schedules import journal, retention
from schedules.actors import ActorKind
from schedules.database.clock import database_now
from schedules.database.ulids import lowest_ulid_at
from schedules.models import JournalEntry
from workers import tasks

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def line(at: datetime) -> JournalEntry:
    fields: Any = {"actor_kind": ActorKind.SERVICE, "verb": "rotate", "object_type": "secrets", "changes": {}}
    return JournalEntry.objects.create(id=lowest_ulid_at(at), at=at, **fields)


def kept() -> list[str]:
    return list(JournalEntry.objects.order_by("id").values_list("id", flat=True))


def test_what_is_older_goes_and_what_is_not_stays() -> None:
    now = database_now()
    _, edge, young = (line(now - 400 * DAY + offset) for offset in (-DAY, timedelta(seconds=1), 399 * DAY))

    assert retention.prune_journal(now, 400 * DAY) == 1
    assert kept() == [edge.id, young.id]
    assert retention.prune_journal(now, 400 * DAY) == 0


def test_the_housekeeping_task_takes_the_journals_own_time(settings: Any) -> None:
    now = database_now()
    settings.ORQ = settings.ORQ.model_copy(update={"journal_days": 10, "retention_days": 1})
    line(now - 11 * DAY)
    younger = line(now - 9 * DAY)

    tasks.prune_history()

    assert kept() == [younger.id]


def test_however_many_there_are_they_go_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schedules.journal.retention.BATCH", 10)
    now = database_now()
    for number in range(25):
        line(now - 500 * DAY + number * DAY)

    assert journal.prune(now - 480 * DAY) == 20
    assert len(kept()) == 5


def test_nobody_changes_a_line() -> None:
    entry = line(database_now())
    entry.actor_name = "somebody else"
    ways = (
        entry.save,
        lambda: JournalEntry.objects.update(changes={}),
        lambda: JournalEntry.objects.bulk_update([entry], ["actor_name"]),
        lambda: connection.cursor().execute("UPDATE schedules_journalentry SET verb = 'x'"),
    )

    for way in ways:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            way()

    assert list(JournalEntry.objects.values_list("actor_name", "verb")) == [("", "rotate")]


@pytest.mark.postgresql
def test_nobody_deletes_a_line_and_retention_says_so_for_its_transaction_only() -> None:
    now = database_now()
    line(now - 2 * DAY)
    entry = line(now)
    ways = (
        entry.delete,
        JournalEntry.objects.all().delete,
        lambda: connection.cursor().execute("DELETE FROM schedules_journalentry"),
    )

    for way in ways:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            way()
    assert JournalEntry.objects.count() == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_after_retention_nobody_may_delete_either() -> None:
    now = database_now()
    line(now - 2 * DAY)
    line(now)

    assert journal.prune(now - DAY) == 1

    with pytest.raises(DatabaseError, match="append-only"):
        JournalEntry.objects.all().delete()
    assert JournalEntry.objects.count() == 1
