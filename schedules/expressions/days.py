"""The days a cron expression matches, found and counted month by month: weeks and years are never stepped through.

The calendar repeats itself every 400 years, in whole weeks; what those hold is counted once for each pattern.
"""

from calendar import isleap, monthrange, weekday
from dataclasses import dataclass
from datetime import MAXYEAR
from functools import lru_cache
from itertools import accumulate
from typing import Final

from schedules.expressions.fields import Field, highest_through, lowest_from

LAST_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Of the months, in a leap year."""

YEARS_SEARCHED: Final = 5
_CYCLE: Final = 400
_KINDS: Final = tuple((isleap(year), weekday(year, 1, 1)) for year in range(1, _CYCLE + 1))
"""Leap or not, and the weekday of 1 January (0 is Monday): all that matters of a year."""

Day = tuple[int, int, int]
"""Year, month, day of month."""


@dataclass(frozen=True, slots=True)
class Days:
    """`by_first_weekday`: the matching days, as bits, of a month whose 1st is a Monday, a Tuesday, …"""

    by_first_weekday: tuple[int, ...]
    month: Field

    @property
    def ever_come(self) -> bool:
        """Whether any month of any year has a matching day; false for the 30th of February."""
        return any(
            days & _up_to(LAST_DAYS[month - 1])
            for month in self.month.values
            for days in self.by_first_weekday
        )

    @property
    def are_leap_days_only(self) -> bool:
        """Whether nothing but a 29th of February matches."""
        return self.of_year(is_leap=False, first_weekday=0) == 0

    def first_from(self, year: int, month: int, day: int) -> Day | None:
        """The first at or after the given one, which may lie one past the end of its month; of a few years."""
        if month in self.month and (found := lowest_from(self._of_month(year, month), day)) is not None:
            return year, month, found
        months = self.month.values
        for y in range(year, min(year + YEARS_SEARCHED, MAXYEAR) + 1):
            for m in months:
                if (y > year or m > month) and (found := lowest_from(self._of_month(y, m), 1)) is not None:
                    return y, m, found
        return None

    def last_through(self, year: int, month: int, day: int) -> Day | None:
        """The last at or before the given one, `day` may be 0; None if there is none since year 1."""
        if month in self.month and (found := highest_through(self._of_month(year, month), day)) is not None:
            return year, month, found
        months = self.month.values[::-1]
        for y in range(year, 0, -1):
            for m in months:
                if (y < year or m < month) and (days := self._of_month(y, m)):
                    return y, m, days.bit_length() - 1
        return None

    def count_before(self, year: int, month: int, day: int) -> int:
        """How many there are from year 1 up to the given one, which is not counted."""
        cycles, years = divmod(year - 1, _CYCLE)
        through_years = _counts_of_years(self)
        count = cycles * through_years[_CYCLE] + through_years[years]
        count += sum(self._of_month(year, each).bit_count() for each in self.month.values if each < month)
        if month in self.month:
            count += (self._of_month(year, month) & _up_to(day - 1)).bit_count()
        return count

    def __contains__(self, day: Day) -> bool:
        year, month, number = day
        return month in self.month and bool(self._of_month(year, month) >> number & 1)

    def _of_month(self, year: int, month: int) -> int:
        first_weekday, last_day = monthrange(year, month)
        return self.by_first_weekday[first_weekday] & _up_to(last_day)

    def of_year(self, *, is_leap: bool, first_weekday: int) -> int:
        """How many there are in a year of this kind."""
        count = 0
        for number, last_day in enumerate(LAST_DAYS, 1):
            length = last_day - (number == 2 and not is_leap)
            if number in self.month:
                count += (self.by_first_weekday[first_weekday] & _up_to(length)).bit_count()
            first_weekday = (first_weekday + length) % 7
        return count


@lru_cache(maxsize=256)
def _counts_of_years(days: Days) -> tuple[int, ...]:
    """How many days of the pattern the first n years of the cycle have, for n from 0 to 400."""
    of_kind = {kind: days.of_year(is_leap=kind[0], first_weekday=kind[1]) for kind in set(_KINDS)}
    return (0, *accumulate(of_kind[kind] for kind in _KINDS))


def _up_to(last_day: int) -> int:
    return (2 << last_day) - 1
