"""How lateness and durations spread, as the buckets of tallies tell it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from schedules.models.tally import BUCKET_COLUMNS, BUCKETS

PERCENTS: Final = (50, 90, 99)


@dataclass(frozen=True, slots=True)
class Spread:
    """`count` of what was measured. Percentiles are upper ends of buckets: so many percent took no longer.

    None: nothing was measured; of a percentile also that it is beyond the last bucket.
    """

    count: int
    mean: timedelta | None
    p50: timedelta | None
    p90: timedelta | None
    p99: timedelta | None


def spread(kind: str, columns: dict[str, int]) -> Spread:
    """Of `lateness` or `duration`, from the columns of a tally."""
    count = columns.get(f"{kind}_count", 0)
    mean = timedelta(milliseconds=columns[f"{kind}_sum"] / count) if count else None
    within = [columns.get(name, 0) for name in BUCKET_COLUMNS[kind]]
    return Spread(count, mean, *(_percentile(percent, count, within) for percent in PERCENTS))


def _percentile(percent: int, count: int, within: list[int]) -> timedelta | None:
    """The first upper end that so many percent of `count` do not exceed."""
    so_far = 0
    for bound, number in zip(BUCKETS, within, strict=True):
        so_far += number
        if count and so_far * 100 >= count * percent:
            return timedelta(milliseconds=bound)
    return None
