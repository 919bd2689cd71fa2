"""Deltas become tallies: each exactly once, whoever folds and whenever it is killed. Every beat calls this."""

from typing import Final

from django.db import connection, transaction

from schedules.database.choice import is_postgresql
from schedules.models import HourTally, TallyDelta, TallyTotal
from schedules.tallies import folding_postgresql
from schedules.tallies.columns import KEY, insert_or_add

BATCH: Final = 20_000
"""Most deltas folded in one transaction."""

HOURS: Final = (HourTally._meta.db_table, (*KEY, "hour"))
TOTALS: Final = (TallyTotal._meta.db_table, KEY)


def fold(limit: int = BATCH) -> int:
    """Add up to `limit` deltas that nobody else holds to their hours and totals; how many."""
    if not TallyDelta.objects.values_list("id").first():
        return 0
    return folding_postgresql.fold(limit) if is_postgresql() else _fold(limit)


@transaction.atomic
def _fold(limit: int) -> int:
    """SQLite: whoever is in a transaction is alone."""
    ids = list(TallyDelta.objects.order_by("id").values_list("id", flat=True)[:limit])
    if not ids:
        return 0
    taken = f"FROM {TallyDelta._meta.db_table} WHERE id <= %s"
    with connection.cursor() as cursor:
        for table, key in (HOURS, TOTALS):
            cursor.execute(insert_or_add(table, key, taken), [ids[-1]])
    TallyDelta.objects.filter(id__lte=ids[-1]).delete()
    return len(ids)
