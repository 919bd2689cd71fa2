"""Once: `@at ` and one instant in UTC (RFC 3339)."""

import re
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from schedules.expressions.cadence import OverdueSpan, overdue_by_iteration
from schedules.expressions.instants import in_utc, to_microseconds
from schedules.expressions.invalid_expression import ONCE_EXAMPLE, InvalidExpression, quoted

# RFC 3339 in Go's reading: capital T and Z only. The offset -00:00 is UTC too (RFC 3339, section 4.3).
_RFC3339: Final = re.compile(
    r"@at ([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]+))?(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})"
)
_UTC_OFFSETS: Final = frozenset({"Z", "+00:00", "-00:00"})
_MICROSECOND_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Once:
    """One fire time, aware UTC."""

    instant: datetime

    def next_after(self, t: datetime) -> datetime | None:
        """See `Cadence`; None as soon as the instant has come."""
        return self.instant if self.instant > in_utc(t) else None

    def all_between(self, after: datetime, until: datetime) -> "array[int]":
        """See `Cadence`."""
        return array(
            "q", [to_microseconds(self.instant)] if in_utc(after) < self.instant <= in_utc(until) else []
        )

    def anchored_at(self, anchor: datetime) -> Self:
        """Itself: an instant has no anchor."""
        in_utc(anchor)
        return self

    def overdue(self, first: datetime, now: datetime) -> OverdueSpan:
        """See `Cadence`."""
        return overdue_by_iteration(self.next_after, first, now)


def parse_once(text: str) -> Once:
    """The cadence of `@at 2099-05-01T09:00:00Z`; InvalidExpression if it is not such an instant in UTC.

    A fraction of a second may have any number of digits and is cut to microseconds.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise _refused(text, "is not `@at`, one space and an RFC 3339 instant")
    if match["offset"] not in _UTC_OFFSETS:
        raise _refused(text, "is not in UTC: convert the instant and end it with Z")
    microsecond = int((match["fraction"] or "")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0"))
    year, month, day, hour, minute, second = (int(number) for number in match.groups()[:6])
    try:
        return Once(datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC))
    except ValueError as error:
        raise _refused(text, f"is not an instant: {error}") from None


def _refused(text: str, why: str) -> InvalidExpression:
    return InvalidExpression(f"{quoted(text)} {why}", example=ONCE_EXAMPLE)
