"""Instants and lengths of time as people type and read them."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final

import click

_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LENGTH: Final = re.compile(rf"(\d{{1,6}})\s*({'|'.join(_UNITS)})")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def now() -> datetime:
    """By this machine's clock."""
    return datetime.now(UTC)


class Since(click.ParamType):  # type: ignore[type-arg]  # not generic in every click
    """`90m`, `24h`, `7d` before now, or an instant."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The instant."""
        if isinstance(value, datetime):
            return value
        length = length_of(value)
        instant = now() - length if length else instant_of(value)
        return instant or self.fail(
            f"{value!r} is neither a length such as 24h or 7d, nor an instant.", param, ctx
        )


class Until(click.ParamType):  # type: ignore[type-arg]  # not generic in every click
    """`2h`, `3d` from now, `monday`, `monday 09:00` (local time), or an instant."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The instant."""
        if isinstance(value, datetime):
            return value
        length = length_of(value)
        instant = now() + length if length else weekday_of(value, now().astimezone()) or instant_of(value)
        return instant or self.fail(
            f"{value!r} is none of: a length such as 2h or 3d, a day such as monday or 'monday 09:00', an instant.",
            param,
            ctx,
        )


class Instant(click.ParamType):  # type: ignore[type-arg]  # not generic in every click
    """RFC 3339, `2026-06-01 09:00` or `09:00` (today), the latter two in UTC."""

    name = "instant"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The instant."""
        if isinstance(value, datetime):
            return value
        return instant_of(value) or self.fail(
            f"{value!r} is no instant such as 2026-06-01T09:00:00Z, '2026-06-01 09:00' or 09:00 (UTC).",
            param,
            ctx,
        )


def length_of(text: str) -> timedelta | None:
    """`24h`; None: it is no length."""
    match = _LENGTH.fullmatch(text.strip().lower())
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else None


def instant_of(text: str) -> datetime | None:
    """As `Instant` describes it; None: it is none."""
    text = text.strip()
    try:
        if clock := _clock_of(text):
            return datetime.combine(now().date(), clock, UTC)
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def weekday_of(text: str, today: datetime) -> datetime | None:
    """The next day of that name after `today`, at its beginning or at the time that is named, in its time zone."""
    day, _, clock = text.strip().lower().partition(" ")
    names = [index for index, name in enumerate(_DAYS) if len(day) >= 3 and name.startswith(day)]
    try:
        wanted = _clock_of(clock) if clock else time()
    except ValueError:
        return None
    if not names or wanted is None:
        return None
    days = (names[0] - today.weekday() - 1) % 7 + 1
    return datetime.combine(today.date() + timedelta(days=days), wanted).astimezone()


def _clock_of(text: str) -> time | None:
    match = _CLOCK.fullmatch(text)
    return time(int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def rfc3339(instant: datetime) -> str:
    """As the API takes it."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def shown(text: str | None) -> str:
    """An instant of the API as a table shows it: UTC, to the second, and how far away it is."""
    if not text:
        return "-"
    instant = datetime.fromisoformat(text)
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z ({relative(instant, now())})"


def relative(instant: datetime, moment: datetime) -> str:
    """`5 min ago`, `in 3 h`."""
    length = in_words(abs(instant - moment))
    return f"in {length}" if instant > moment else f"{length} ago"


def in_words(length: timedelta) -> str:
    """Its largest unit."""
    seconds = int(length.total_seconds())
    for name, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"
