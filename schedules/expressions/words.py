"""Cadences in words, for people: complete and true, short where the common cases allow it."""

from collections.abc import Callable, Iterable
from typing import Final

from schedules.expressions.cadence import Cadence
from schedules.expressions.cron import Cron
from schedules.expressions.fields import DAY, HOUR, MINUTE, MONTH, SECOND, WEEKDAY, Bounds, Field
from schedules.expressions.instants import for_people
from schedules.expressions.interval import Interval
from schedules.expressions.once import Once

_WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MOST_CLOCK_TIMES = 4
_SHORTEST_RUN = 3


def describe(cadence: Cadence) -> str:
    """One line such as `at 09:00:00 UTC, Monday to Friday`; TypeError for a cadence of another make."""
    match cadence:
        case Cron():
            return ", ".join(filter(None, (_times(cadence), _days(cadence), _months(cadence))))
        case Interval():
            return f"every {_duration(cadence.duration_ns)}"
        case Once():
            return f"once at {for_people(cadence.instant, with_fraction=True)}"
    raise TypeError(f"cannot describe {cadence!r}")


def _times(cron: Cron) -> str:
    hours, minutes, seconds = cron.hour.values, cron.minute.values, cron.second.values
    if len(hours) * len(minutes) * len(seconds) <= _MOST_CLOCK_TIMES:
        clock = [f"{h:02}:{m:02}:{s:02}" for h in hours for m in minutes for s in seconds]
        return f"at {_joined(clock)} UTC"
    if len(minutes) == len(seconds) == 1 and cron.hour.bits == HOUR.all_bits:
        return f"every hour at minute {minutes[0]}, second {seconds[0]} UTC"
    parts = ((cron.second, SECOND), (cron.minute, MINUTE), (cron.hour, HOUR))
    return f"{', '.join(_numbers(matching, bounds) for matching, bounds in parts)} UTC"


def _numbers(matching: Field, bounds: Bounds) -> str:
    if matching.bits == bounds.all_bits:
        return f"every {bounds.name}"
    plural = "s" if len(matching.values) > 1 else ""
    return f"{bounds.name}{plural} {_listed(matching.values, str)}"


def _days(cron: Cron) -> str:
    """The day rule in words. A star matches every day, so that "both must match" leaves one of the two."""
    has_any_day, has_any_weekday = cron.day.bits == DAY.all_bits, cron.weekday.bits == WEEKDAY.all_bits
    if has_any_day and has_any_weekday:
        return _every_day(cron)
    if cron.needs_both_days:
        return _weekdays(cron) if has_any_day else f"on {_month_days(cron)}"
    if has_any_day or has_any_weekday:
        return _every_day(cron)
    return f"on {_month_days(cron)} or on {_weekdays(cron, 'or')}"


def _every_day(cron: Cron) -> str:
    return "" if cron.hour.bits == HOUR.all_bits else "every day"


def _month_days(cron: Cron) -> str:
    plural = "s" if len(cron.day.values) > 1 else ""
    return f"day{plural} {_listed(cron.day.values, str)} of the month"


def _weekdays(cron: Cron, conjunction: str = "and") -> str:
    monday_first = sorted(value or 7 for value in cron.weekday.values)
    return _listed(monday_first, _WEEKDAYS.__getitem__, conjunction)


def _months(cron: Cron) -> str:
    if cron.month.bits == MONTH.all_bits:
        return ""
    return f"only in {_listed(cron.month.values, lambda month: _MONTHS[month - 1])}"


def _listed(values: Iterable[int], name: Callable[[int], str], conjunction: str = "and") -> str:
    """`1, 3 and 5 to 9`: values in order, runs of three and more drawn together."""
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return _joined([word for run in runs for word in _run_words(run, name)], conjunction)


def _run_words(run: list[int], name: Callable[[int], str]) -> list[str]:
    if len(run) >= _SHORTEST_RUN:
        return [f"{name(run[0])} to {name(run[-1])}"]
    return [name(value) for value in run]


def _joined(words: list[str], conjunction: str = "and") -> str:
    *others, last = words
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def _duration(nanoseconds: int) -> str:
    hours, rest = divmod(nanoseconds, 3_600_000_000_000)
    minutes, rest = divmod(rest, 60_000_000_000)
    seconds, fraction = divmod(rest, 1_000_000_000)
    seconds_text = f"{seconds}.{fraction:09}".rstrip("0").rstrip(".") if fraction else str(seconds)
    parts = ((str(hours), "h"), (str(minutes), "min"), (seconds_text, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number != "0")
