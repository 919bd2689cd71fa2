"""What a refused expression probably meant: written for crontab, EventBridge or Quartz, or slightly wrong.

A suggestion is an expression that is accepted and means exactly that; where ours cannot say it there is none.
"""

import re
from collections.abc import Sequence
from typing import Final

from schedules.expressions import foreign
from schedules.expressions.cadence import Cadence
from schedules.expressions.descriptors import DESCRIPTORS
from schedules.expressions.fields import BOUNDS, WEEKDAY, Bounds, parse_field
from schedules.expressions.invalid_expression import InvalidExpression
from schedules.expressions.items import crontab_value, spelled, values_of
from schedules.expressions.mending_times import mended_interval, mended_once
from schedules.expressions.minimum import require_minimum_cadence
from schedules.expressions.parsing import parse_strictly

MAX_MENDED: Final = 100
"""Longer texts are not looked at: nobody writes such an expression by mistake."""

_ZONE: Final = re.compile(r"(?:CRON_)?TZ=(\S*) (.*)")
_UTC: Final = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z", "Zulu"})
_IN_CRON: Final = re.compile(r"cron\((.*)\)")
_WEEKDAY: Final = f"(?:[0-7]|{'|'.join(WEEKDAY.names)})"
_OF_QUARTZ: Final = re.compile(
    rf"(?:^|[\s,])(?:L(?:-[0-9]+)?|L?W|[0-9]+W|{_WEEKDAY}L|{_WEEKDAY}#[0-9])(?=$|[\s,])", re.IGNORECASE
)


def mended(type_: str, text: str) -> str | None:
    """The expression that was probably meant, of the same type; None: nobody knows, or ours cannot say it."""
    if len(text) > MAX_MENDED:
        return None
    one_line = " ".join(text.split())
    menders = {"cron": _cron, "interval": mended_interval, "once": mended_once}
    found = menders[type_](one_line)
    return found if found is not None and found != text and _is_accepted(type_, found) else None


def hint(type_: str, text: str) -> str | None:
    """What those who come from elsewhere should know of this refused expression."""
    if type_ != "cron" or len(text) > MAX_MENDED:
        return None
    if _ZONE.match(text):
        return "all times are UTC: leave the time zone out"
    if _OF_QUARTZ.search(text):
        return "there is no L, W or #"
    return _hint_on_fields(text.split())


def _hint_on_fields(fields: Sequence[str]) -> str | None:
    match fields:
        case [_, _, _, _, _] if _is_dense(("0", *fields)):
            return "fire times must be at least one hour apart"
        case [_, _, _, "?", _, weekday] if "7" in weekday:
            return "7 is Sunday in crontab and Saturday in Quartz: write sun or sat"
        case [_, _, _, _, _, _, _]:
            return "there is no year field"
        case [_, _, _, _, _, year] if foreign.is_of_eventbridge(fields) and year != "*":
            return "there is no year field"
    return None


def _is_dense(fields: Sequence[str]) -> bool:
    try:
        cadence = parse_strictly("cron", " ".join(fields))
    except InvalidExpression:
        return False
    return not _leaves_an_hour(cadence)


def _is_accepted(type_: str, text: str) -> bool:
    try:
        return _leaves_an_hour(parse_strictly(type_, text))
    except InvalidExpression:
        return False


def _leaves_an_hour(cadence: Cadence) -> bool:
    try:
        require_minimum_cadence(cadence)
    except InvalidExpression:
        return False
    return True


def _cron(text: str) -> str | None:
    if text.lower() in DESCRIPTORS:
        return text.lower()
    zone = _ZONE.fullmatch(text)
    if zone is not None:
        return _cron_fields(zone[2].split()) if zone[1] in _UTC else None
    in_cron = _IN_CRON.fullmatch(text)
    if in_cron is not None:
        fields = in_cron[1].split()
        return foreign.from_eventbridge(fields) if len(fields) == 6 else None
    return _cron_fields(text.split())


def _cron_fields(fields: Sequence[str]) -> str | None:
    match len(fields):
        case 5:
            return _crontab(fields)
        case 6 if foreign.is_of_eventbridge(fields):
            return foreign.from_eventbridge(fields)
        case 6:
            return _six(fields)
        case 7:
            return _seven(fields)
    return None


def _crontab(fields: Sequence[str]) -> str | None:
    """With the second in front. Where crontab's day rule differs from ours, nothing means the same."""
    six = _each_mended(("0", *fields))
    if six is None:
        return None
    day, weekday = parse_field(six[3], BOUNDS[3]), parse_field(six[5], WEEKDAY)
    needs_both = fields[2].startswith(("*", "?")) or fields[4].startswith(("*", "?"))
    return " ".join(six) if needs_both == (day.has_star or weekday.has_star) else None


def _six(fields: Sequence[str]) -> str | None:
    """`?` as the day says that it may be Quartz's, where 7 is another day and numbers mean others."""
    if fields[foreign.DAY_PLACE] == "?" and any(map(str.isdigit, fields[5])):
        return None
    six = _each_mended(fields)
    return " ".join(six) if six is not None else foreign.from_quartz(fields)


def _seven(fields: Sequence[str]) -> str | None:
    """Without the year where it says nothing. Numbers of weekdays are Quartz's only where a `?` says so."""
    if "?" in (fields[foreign.DAY_PLACE], fields[5]) or not any(map(str.isdigit, fields[5])):
        return foreign.from_quartz(fields)
    return None


def _each_mended(fields: Sequence[str]) -> list[str] | None:
    found = [_field(text, bounds) for text, bounds in zip(fields, BOUNDS, strict=True)]
    return None if None in found else [text for text in found if text is not None]


def _field(text: str, bounds: Bounds) -> str | None:
    """The field as it is where it is valid, with the items mended that are not; None if one cannot be."""
    items = [_item(item, bounds) for item in text.split(",") if item]
    return ",".join(item for item in items if item is not None) if items and None not in items else None


def _item(item: str, bounds: Bounds) -> str | None:
    try:
        parse_field(item, bounds)
    except InvalidExpression:
        values = values_of(item, bounds, crontab_value(bounds))
        by_name = any(map(str.isalpha, item))
        return spelled(values, bounds, by_name=by_name) if values else None
    return item
