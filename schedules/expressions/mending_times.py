"""What a refused interval or once probably meant."""

import re
from datetime import UTC, datetime
from typing import Final

from schedules.expressions.durations import LONGER_UNITS, parse_duration

_EVERY: Final = re.compile(r"@?every (.+)", re.IGNORECASE)
_RATE: Final = re.compile(r"rate\(([0-9]+ ?[a-z]+)\)")
_UNIT_WORDS: Final = (
    ("w", ("weeks", "week")),
    ("d", ("days", "day")),
    ("h", ("hours", "hour", "hrs", "hr")),
    ("m", ("minutes", "minute", "mins", "min")),
    ("s", ("seconds", "second", "secs", "sec")),
)
_UNIT_OF: Final = {word: unit for unit, words in _UNIT_WORDS for word in words}
_WORD: Final = re.compile(r"[a-z]+")
_INSTANT: Final = re.compile(
    r"(?:@?at )?([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r" ?([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)
_SECONDS_IN: Final = (("h", 3600), ("m", 60), ("s", 1))


def mended_interval(text: str) -> str | None:
    """Days and weeks in hours, units written out, blanks that are too many: `@every 24h`."""
    found = _RATE.fullmatch(text) or _EVERY.fullmatch(text)
    if found is None:
        return None
    duration = _WORD.sub(lambda word: _UNIT_OF.get(word[0], word[0]), found[1].lower().replace(" ", ""))
    nanoseconds = parse_duration(duration, LONGER_UNITS)
    if not nanoseconds or nanoseconds % 1_000_000_000:
        return None
    return f"@every {_spelled(nanoseconds // 1_000_000_000)}"


def _spelled(seconds: int) -> str:
    words = []
    for unit, size in _SECONDS_IN:
        count, seconds = divmod(seconds, size)
        words.append(f"{count}{unit}" if count else "")
    return "".join(words)


def mended_once(text: str) -> str | None:
    """The same instant in UTC, with its seconds: `@at 2099-05-01T07:00:00Z`."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    day, minute, second, offset = found.groups()
    try:
        instant = datetime.fromisoformat(f"{day}T{minute}{second or ':00'}{offset.upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"@at {instant.isoformat().removesuffix('+00:00')}Z"
