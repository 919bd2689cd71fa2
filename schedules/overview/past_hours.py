"""The past week hour by hour, and the past day beside the day before it, from the tallies.

What beats have not folded yet, the last two seconds, is left out.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Sum

from schedules.models import HourTally, RunState
from schedules.models.tally import BUCKET_COLUMNS, MISSED
from schedules.overview.reach import Reach
from schedules.tallies.spread import Spread, spread

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
_LATENESS: Final = ("lateness_count", "lateness_sum", *BUCKET_COLUMNS["lateness"])


@dataclass(slots=True)
class PastHour:
    """What became of the runs that were due in an hour, and how many fire times were missed in it."""

    at: datetime
    by_state: Counter[str] = field(default_factory=Counter)
    columns: Counter[str] = field(default_factory=Counter)

    @property
    def run_count(self) -> int:
        """Ended runs."""
        return self.by_state.total() - self.by_state[MISSED]


@dataclass(frozen=True, slots=True)
class PastDay:
    """`success_percent`: of those that succeeded or failed; None: there were none."""

    run_count: int
    success_percent: float | None
    lateness: Spread


def past_week(reach: Reach, now: datetime) -> list[PastHour]:
    """168 hours and the one that has begun, the oldest first."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    hours = {at: PastHour(at) for at in (this_hour - n * HOUR for n in range(WEEK // HOUR, -1, -1))}
    for row in _counted(reach, this_hour - WEEK, this_hour + HOUR):
        hour = hours[row["hour"]]
        hour.by_state[row["state"]] += row["runs"]
        for name in _LATENESS:
            hour.columns[name] += row[name] or 0
    return list(hours.values())


def past_day(hours: list[PastHour]) -> PastDay:
    """Of these hours together."""
    by_state = sum((hour.by_state for hour in hours), Counter[str]())
    columns = sum((hour.columns for hour in hours), Counter[str]())
    succeeded = by_state[RunState.SUCCEEDED]
    judged = succeeded + by_state[RunState.FAILED]
    percent = 100 * succeeded / judged if judged else None
    return PastDay(sum(hour.run_count for hour in hours), percent, spread("lateness", columns))


def _counted(reach: Reach, first: datetime, end: datetime) -> Any:
    rows = HourTally.objects.filter(hour__gte=first, hour__lt=end).order_by()
    if reach.workspaces is not None:
        rows = rows.filter(workspace_id__in=reach.workspaces)
    sums = {name: Sum(name) for name in _LATENESS}
    return rows.values("hour", "state").annotate(runs=Sum("run_count"), **sums)
