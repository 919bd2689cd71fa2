"""Lengths of time as people read them."""

from datetime import datetime, timedelta

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_NOW = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


def relative(instant: datetime, now: datetime) -> str:
    """`in 3 h 20 min`, `5 s ago` or `now`."""
    if abs(instant - now) < _NOW:
        return "now"
    return f"in {length(instant - now)}" if instant > now else f"{length(now - instant)} ago"


def by_the_minute(instant: datetime, now: datetime) -> str:
    """As `relative`, to the minute: the same words for a minute."""
    if abs(instant - now) < _MINUTE:
        return "now"
    whole = _MINUTE * (abs(instant - now) // _MINUTE)
    return relative(now + whole if instant > now else now - whole, now)


def several(count: int, noun: str) -> str:
    """`1 run`, `2,000 runs`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def length(time: timedelta) -> str:
    """`3 d 4 h`, `5 min 10 s`, `12.3 s` or `420 ms`: its two largest units; a negative one has a minus."""
    if time < timedelta(0):
        return f"-{length(-time)}"
    if time < timedelta(seconds=1):
        return f"{time // timedelta(milliseconds=1)} ms"
    if time < timedelta(minutes=1):
        return f"{time.total_seconds():.1f} s".replace(".0 s", " s")
    return " ".join(_two_largest(int(time.total_seconds())))


def _two_largest(seconds: int) -> list[str]:
    parts = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        parts.append((count, unit))
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return [f"{count} {unit}" for count, unit in parts[first : first + 2] if count]
