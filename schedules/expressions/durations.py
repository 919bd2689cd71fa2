"""Durations as Go writes them (time.ParseDuration): `1h30m`, `1.5h`, `.5h`; exact, in nanoseconds."""

import re
from collections.abc import Mapping
from typing import Final

_NANOSECONDS: Final = {
    "ns": 1,
    "us": 1_000,
    "\N{MICRO SIGN}s": 1_000,
    "\N{GREEK SMALL LETTER MU}s": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
LONGER_UNITS: Final = _NANOSECONDS | {"d": 86_400_000_000_000, "w": 604_800_000_000_000}
"""With days and weeks, which Go does not know: to tell what somebody meant by them."""

_PART: Final = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^.0-9]+)")
_LONGEST: Final = 2**63 - 1


def parse_duration(text: str, units: Mapping[str, int] = _NANOSECONDS) -> int | None:
    """Nanoseconds, zero or more; None if the text is not such a duration or more than Go can hold.

    A sign may stand in front, but a negative duration is None. Fractions of a nanosecond are cut off, part by
    part, in exact arithmetic (Go computes them in floating point, which can differ by a nanosecond).
    """
    rest = text.removeprefix("+")
    if not rest:
        return None
    nanoseconds = 0
    while rest:
        part = _PART.match(rest)
        if part is None or part[3] not in units or not (part[1] or part[2]):
            return None
        nanoseconds += _scaled(part[1], part[2] or "", units[part[3]])
        rest = rest[part.end() :]
    return nanoseconds if nanoseconds <= _LONGEST else None


def _scaled(whole: str, fraction: str, unit: int) -> int:
    scale: int = 10 ** len(fraction)
    return int(whole or "0") * unit + int(fraction or "0") * unit // scale
