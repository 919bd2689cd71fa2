"""Periods that statistics are asked for: whole hours, since tallies know no less."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from schedules.errors import InvalidRequest

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
USUAL: Final = timedelta(days=7)
LONGEST: Final = timedelta(days=92)
"""A quarter: what can be read and added up in well under 100 ms."""

BY_HOUR: Final = timedelta(days=2)
"""Periods up to this length are shown hour by hour, longer ones day by day."""

_LAST_HOUR: Final = datetime(9999, 12, 31, 23, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """From `first` (included) to `end` (excluded), both the beginning of an hour, UTC."""

    first: datetime
    end: datetime

    @property
    def step(self) -> timedelta:
        """How much one entry of its series stands for: an hour or a day."""
        return HOUR if self.end - self.first <= BY_HOUR else DAY

    @property
    def step_name(self) -> str:
        """In a word."""
        return "hour" if self.step == HOUR else "day"

    def steps(self) -> list[datetime]:
        """When each entry of the series begins; the first day may begin before the period."""
        first = self.first if self.step == HOUR else self.first.replace(hour=0)
        count = -((first - self.end) // self.step)
        return [first + number * self.step for number in range(count)]


def period(first: datetime | None, end: datetime | None, now: datetime) -> Period:
    """The hours that hold what lies between both (aware UTC); absent: seven days, and up to now. InvalidRequest."""
    last = _hour_after(now if end is None else end)
    begin = last - USUAL if first is None else first.replace(minute=0, second=0, microsecond=0)
    if begin >= last:
        raise InvalidRequest("from must be before to, which is now where it is absent", param="from")
    if last - begin > LONGEST:
        raise InvalidRequest(
            f"from must be at most {LONGEST.days} days before to, which is now where it is absent",
            param="from",
        )
    return Period(begin, last)


def _hour_after(instant: datetime) -> datetime:
    """The first full hour that is not before it, or the last there is."""
    before = min(instant, _LAST_HOUR) - datetime.resolution
    return before.replace(minute=0, second=0, microsecond=0) + HOUR
