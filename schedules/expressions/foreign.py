"""Cron expressions of EventBridge and Quartz, told in ours.

Quartz: second, minute, hour, day of month, month, day of week and perhaps a year; EventBridge: the same without the
second and always with a year. One of the two days is `?`; in both 1 is Sunday.
"""

import re
from collections.abc import Sequence
from typing import Final

from schedules.expressions.days import LAST_DAYS
from schedules.expressions.fields import MONTH, WEEKDAY, parse_field
from schedules.expressions.invalid_expression import InvalidExpression
from schedules.expressions.items import quartz_weekday, spelled, values_of

HOUR_PLACE: Final = 2
DAY_PLACE: Final = 3
MONTH_PLACE: Final = 4
_FEBRUARY = 2
_FROM_LAST: Final = re.compile(r"L(?:-(?P<before>[0-9]{1,2}))?", re.IGNORECASE)


def is_of_eventbridge(fields: Sequence[str]) -> bool:
    """Whether six fields can only be EventBridge's: `?` stands where its days are and our hour and month."""
    return len(fields) == 6 and "?" in (fields[HOUR_PLACE], fields[MONTH_PLACE])


def from_eventbridge(fields: Sequence[str]) -> str | None:
    """Ours for its six fields; None where there is none."""
    return from_quartz(("0", *fields))


def from_quartz(fields: Sequence[str]) -> str | None:
    """Ours for its six or seven fields; None where there is none. It may still be refused by our grammar."""
    second, minute, hour, day, month, weekday, *year = fields
    if year not in ([], ["*"]) or "?" in (hour, month):
        return None
    our_day, our_weekday = _day(day, month), _weekday(weekday, is_only_day=day == "?")
    if our_day is None or our_weekday is None:
        return None
    return " ".join((second, minute, hour, our_day, month, our_weekday))


def _day(day: str, month: str) -> str | None:
    from_last = _FROM_LAST.fullmatch(day)
    if from_last is not None:
        return _last_day(month, int(from_last["before"] or "0"))
    return "*" if day == "?" else day


def _last_day(month: str, before: int) -> str | None:
    """The last day, or so many before it, of months that are equally long and not February."""
    try:
        months = parse_field(month, MONTH).values
    except InvalidExpression:
        return None
    lengths = {LAST_DAYS[number - 1] for number in months}
    if _FEBRUARY in months or len(lengths) > 1 or before >= min(lengths):
        return None
    return str(lengths.pop() - before)


def _weekday(text: str, *, is_only_day: bool) -> str | None:
    """By name, so that it means the same everywhere; `L` alone is the last day of Quartz's week."""
    if text in ("?", "*"):
        return "*"
    if text.upper() == "L" and is_only_day:
        return "sat"
    listed = [values_of(item, WEEKDAY, quartz_weekday) for item in text.split(",") if item]
    if not listed or None in listed:
        return None
    values = [value for values in listed for value in values or ()]
    if set(values) == set(range(7)):
        return "*"
    return spelled(dict.fromkeys(values), WEEKDAY, by_name=True)
