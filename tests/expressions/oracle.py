"""The cron rules of the contract written down as plainly as possible, to judge the fast evaluator by.

Sets instead of bits, stepping instead of searching; it shares no line with the code it judges. It reads valid
expressions only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

YEAR = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
MONTHS = {name: number for number, name in enumerate(YEAR, 1)}
WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
RANGES = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6)]


@dataclass
class Oracle:
    """A valid six-field expression, read the slow way."""

    expression: str

    def __post_init__(self) -> None:
        self.fields = [
            values(text, *span) for text, span in zip(self.expression.split(), RANGES, strict=True)
        ]
        self.stars = [has_star(text) for text in self.expression.split()]

    def matches(self, t: datetime) -> bool:
        seconds, minutes, hours, *_ = self.fields
        is_time = t.second in seconds and t.minute in minutes and t.hour in hours
        return is_time and self.matches_day(t.date())

    def matches_day(self, day: date) -> bool:
        *_, days, months, weekdays = self.fields
        is_day, is_weekday = day.day in days, day.isoweekday() % 7 in weekdays
        if self.stars[3] or self.stars[5]:
            return day.month in months and is_day and is_weekday
        return day.month in months and (is_day or is_weekday)

    def next_by_seconds(self, t: datetime, horizon: timedelta) -> datetime | None:
        """Tries every second after `t` up to the horizon."""
        second = t.replace(microsecond=0)
        while second < t + horizon:
            second += timedelta(seconds=1)
            if self.matches(second):
                return second
        return None

    def next_by_days(self, t: datetime) -> datetime | None:
        """Tries every day, and on it every matching time, up to the end of the fifth year after `t`."""
        day = t.date()
        while day.year <= t.year + 5:
            if self.matches_day(day):
                for clock in self.clock_times():
                    if datetime.combine(day, clock, UTC) > t:
                        return datetime.combine(day, clock, UTC)
            day += timedelta(days=1)
        return None

    def clock_times(self) -> Iterator[time]:
        seconds, minutes, hours, *_ = self.fields
        return (time(h, m, s) for h in sorted(hours) for m in sorted(minutes) for s in sorted(seconds))


def values(text: str, lowest: int, highest: int) -> set[int]:
    """What a field matches, item by item."""
    matching: set[int] = set()
    for item in filter(None, text.split(",")):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        if first in ("*", "?"):
            low, high = lowest, highest
        elif last:
            low, high = number(first), number(last)
        else:
            low, high = number(first), highest if step else number(first)
        matching |= {value for value in range(low, high + 1) if (value - low) % int(step or "1") == 0}
    return matching


def has_star(text: str) -> bool:
    """Whether `*` or `?` stands in the list with step 1."""
    items = (item.partition("/") for item in text.split(","))
    return any(span[:1] in ("*", "?") and int(step or "1") == 1 for span, _, step in items)


def number(text: str) -> int:
    """A number or a name; no month is spelled like a weekday."""
    return {**MONTHS, **WEEKDAYS}.get(text.lower()) if text.isalpha() else int(text)  # type: ignore[return-value]
