"""Instants as integers: exact arithmetic on microseconds since the Unix epoch."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


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
