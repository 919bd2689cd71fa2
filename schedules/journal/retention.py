"""Lines older than the journal is kept are deleted, the one thing that may happen to a line."""

from datetime import datetime
from typing import Final

from django.db import connection, transaction

from schedules.database.choice import is_postgresql
from schedules.database.ulids import lowest_ulid_at
from schedules.models import JournalEntry

BATCH: Final = 1000


def prune(before: datetime) -> int:
    """Delete the lines from before this, in short transactions; how many there were."""
    old = JournalEntry.objects.filter(id__lt=lowest_ulid_at(before)).order_by("id")
    deleted = 0
    while ids := list(old.values_list("id", flat=True)[:BATCH]):
        deleted += _delete(ids)
    return deleted


@transaction.atomic
def _delete(ids: list[str]) -> int:
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL orq.journal_retention TO 'on'")  # what the table's trigger asks for
    return JournalEntry.objects.filter(id__in=ids).delete()[0]
