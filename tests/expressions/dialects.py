"""What crontab's, Quartz's and EventBridge's cron expressions mean, read the slow way, to judge suggestions by.

Sets and plain arithmetic; no line is shared with the code that is judged. Valid expressions of each dialect only.
"""

from dataclasses import dataclass
from datetime import datetime

NAMES = {name: number for number, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
YEAR = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
MONTHS = {name: number for number, name in enumerate(YEAR, 1)}


@dataclass
class Dialect:
    """Second, minute, hour, day, month, weekday as texts; `sunday` is the number of Sunday, 0 or 1."""

    fields: list[str]
    sunday: int
    stars: tuple[str, ...]
    """With what a day field begins that leaves the choice to the other one."""

    def matches(self, t: datetime) -> bool:
        second, minute, hour, day, month, weekday = self.fields
        return (
            t.second in listed(second, 0, 59)
            and t.minute in listed(minute, 0, 59)
            and t.hour in listed(hour, 0, 23)
            and t.month in listed(month, 1, 12)
            and self._matches_day(t, day, weekday)
        )

    def _matches_day(self, t: datetime, day: str, weekday: str) -> bool:
        is_day = t.day in listed(day, 1, 31)
        is_weekday = t.isoweekday() % 7 in {number % 7 for number in self._weekdays(weekday)}
        if day.startswith(self.stars) or weekday.startswith(self.stars):
            return is_day and is_weekday
        return is_day or is_weekday

    def _weekdays(self, text: str) -> set[int]:
        return {number - self.sunday for number in listed(text, self.sunday, self.sunday + 6, self.sunday)}


def crontab(text: str) -> Dialect:
    """Five fields; a field that begins with `*` is a star, `*/2` too."""
    return Dialect(["0", *text.split()], 0, ("*", "?"))


def quartz(text: str) -> Dialect:
    """Six fields or seven, the last a year that says nothing."""
    return Dialect(text.split()[:6], 1, ("*", "?"))


def eventbridge(text: str) -> Dialect:
    """Six fields, the last a year that says nothing."""
    return Dialect(["0", *text.split()[:5]], 1, ("*", "?"))


def listed(text: str, low: int, high: int, sunday: int = 0) -> set[int]:
    """What a comma list matches; a range may run over the end."""
    found: set[int] = set()
    for item in text.lower().split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        if first in ("*", "?"):
            begin, end = low, high
        else:
            begin = number(first, sunday)
            end = number(last, sunday) if last else high if step else begin
        size = high - low + 1
        end += size if end < begin else 0
        found |= {(value - low) % size + low for value in range(begin, end + 1, int(step or "1"))}
    return found


def number(word: str, sunday: int) -> int:
    """A number, or a name of three letters or more."""
    if word.isdigit():
        return int(word)
    return MONTHS[word[:3]] if word[:3] in MONTHS else NAMES[word[:3]] + sunday
