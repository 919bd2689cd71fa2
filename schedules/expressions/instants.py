"""Instants: as programs and people write them, and as integers: exact microseconds since the Unix epoch."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def read_instant(text: str) -> datetime:
    """The instant of an RFC 3339 text in any time zone, from 1970 on, aware UTC; ValueError when it is not one.

    A fraction of a second may have nine digits and is cut to microseconds.
    """
    if not _RFC3339.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not an instant like 2026-06-01T09:00:00Z")
    instant = in_utc(datetime.fromisoformat(text))
    if instant < _EPOCH:
        raise ValueError(f"{text!r} is before 1970")
    return instant


def rfc3339(t: datetime) -> str:
    """As programs read it: `2026-06-01T09:00:00Z`, with microseconds where there are any; ValueError if naive."""
    return in_utc(t).isoformat().removesuffix("+00:00") + "Z"


def for_people(t: datetime, *, with_fraction: bool = False) -> str:
    """As people read it: `2026-06-01 09:00:00 UTC`; with a fraction of a second only if asked for and not 0."""
    clock = in_utc(t).replace(tzinfo=None)
    fraction = f".{clock.microsecond:06}".rstrip("0") if with_fraction and clock.microsecond else ""
    return f"{clock.isoformat(sep=' ', timespec='seconds')}{fraction} UTC"


def in_utc(t: datetime) -> datetime:
    """The same instant in UTC; ValueError for a naive datetime.

    An instant that UTC cannot express (within hours of datetime.min or max) becomes the nearest that it can.
    """
    if t.tzinfo is UTC:
        return t
    if t.utcoffset() is None:
        raise ValueError(f"an instant needs a time zone, {t!r} has none")
    try:
        return t.astimezone(UTC)
    except OverflowError:
        return _FIRST if t.year == _FIRST.year else _LAST


def to_microseconds(t: datetime) -> int:
    """Microseconds since the Unix epoch, exactly; ValueError for a naive datetime."""
    return (in_utc(t) - _EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """The aware UTC instant; OverflowError when a datetime cannot hold it."""
    return _EPOCH + timedelta(microseconds=microseconds)
