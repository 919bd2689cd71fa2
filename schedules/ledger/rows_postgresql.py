"""The fire times of runs in PostgreSQL's own words: a row for each generation, its instants packed as it keeps them.

A row for each run would cost more than all the rest of a recount.
"""

import sys
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from django.db.models import Aggregate, BinaryField, QuerySet

from schedules.expressions.instants import to_microseconds
from schedules.models import Run

_GENERATIONS_AT_ONCE = 50

_OFFSET: Final = to_microseconds(datetime(2000, 1, 1, tzinfo=UTC))
"""PostgreSQL counts from here, in microseconds."""
_LATEST: Final = 2**63 - 1 - _OFFSET


class _Packed(Aggregate):
    """Eight bytes for each instant, in their order."""

    template = "string_agg(timestamptz_send(%(expressions)s), ''::bytea ORDER BY %(expressions)s)"
    output_field = BinaryField()


def run_times(runs: QuerySet[Run]) -> Iterator[tuple[str, int, "array[int]"]]:
    """(schedule id, generation, fire times in microseconds since the Unix epoch), in this order."""
    key = ("schedule_id", "generation")
    packed = runs.order_by().values_list(*key).annotate(packed=_Packed("fire_time")).order_by(*key)
    for schedule_id, generation, times in packed.iterator(chunk_size=_GENERATIONS_AT_ONCE):
        yield schedule_id, generation, _unpacked(times)


def _unpacked(packed: bytes | memoryview) -> "array[int]":
    times = array("q", bytes(packed))
    if sys.byteorder == "little":
        times.byteswap()
    if times and times[-1] > _LATEST:  # infinity, or nearly
        times = array("q", [min(at, _LATEST) for at in times])
    return array("q", [at + _OFFSET for at in times])
