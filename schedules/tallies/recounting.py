"""The tallies counted anew from the rows they stand for: where they differ, and by how much."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from schedules.database.choice import is_postgresql
from schedules.database.ulids import lowest_ulid_at
from schedules.models import HourTally, TallyDelta
from schedules.tallies.columns import COUNTED, KEY, SUMMED
from schedules.tallies.ended import ended_rows

_KEY: Final = (*KEY, "hour")
_MADE_BEFORE: Final = timedelta(hours=1)
"""A run asked for by hand is made before the hour in which it is due; clocks may be set back."""


MOST: Final = 1_000
"""Differences told of at once."""


_PATIENTLY: Final = "SET LOCAL statement_timeout = '30min'; SET LOCAL work_mem = '128MB'"
"""Millions of runs take longer than any other statement may, and their groups more memory."""


class Difference(NamedTuple):
    """A tally that is not what its rows say. `by_columns`: how much too high each column is."""

    key: tuple[str, ...]
    hour: str
    by_columns: dict[str, int]


def differences(since: datetime) -> Iterator[Difference]:
    """Of the hours from the one after `since` (aware) on: history must be whole from there.

    One statement, and so one moment: runs end and beats fold meanwhile.
    """
    first_hour = since.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    values = {
        "since": connection.ops.adapt_datetimefield_value(first_hour),
        "first_id": lowest_ulid_at(first_hour - _MADE_BEFORE),
    }
    for row in _rows(values):
        counts = zip(COUNTED, row[len(_KEY) :], strict=True)
        key = tuple(map(str, row[: len(KEY)]))
        yield Difference(key, row[len(KEY)], {name: int(count) for name, count in counts if count})


@transaction.atomic
def _rows(values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        if is_postgresql():
            cursor.execute(_PATIENTLY)
        cursor.execute(_statement(), values)
        rows: list[Any] = cursor.fetchall()
    return rows


def _statement() -> str:
    keys = ", ".join(_KEY)
    shown = ", ".join((*KEY, "CAST(hour AS varchar)"))
    kept = ", ".join(f"coalesce({name}, 0) AS {name}" for name in COUNTED)
    summed = [f"coalesce({words}, 0)" for words in SUMMED.values()]
    totals = [f"sum({name})" for name in COUNTED]
    return (
        f"SELECT {shown}, {', '.join(totals)} FROM ("  # noqa: S608 - our own words
        f"SELECT {keys}, {kept} FROM {HourTally._meta.db_table} WHERE hour >= %(since)s"
        f" UNION ALL SELECT {keys}, {', '.join(summed)} FROM {TallyDelta._meta.db_table}"
        f" WHERE hour >= %(since)s GROUP BY {keys}"
        f" UNION ALL SELECT {keys}, {', '.join('-' + words for words in summed)} FROM ({ended_rows()}) AS ended"
        f" GROUP BY {keys}) AS counted GROUP BY {keys}"
        f" HAVING {' OR '.join(f'{total} <> 0' for total in totals)} ORDER BY {keys} LIMIT {MOST}"
    )
