"""The past on the front page: 24 bars of runs by state, the day beside the day before, and a week's heatmap."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from schedules import lengths
from schedules.admin.moments import hour_words
from schedules.models.tally import BUCKETS, MISSED
from schedules.overview.past_hours import PastDay, PastHour, past_day
from schedules.tallies.spread import Spread

SHOWN: Final = ("succeeded", "failed", "cancelled", "discarded", MISSED)
"""In the order in which they are stacked, from below."""
LEVELS: Final = 4
_DAY: Final = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """An hour: its parts as percents of the highest hour, and in words."""

    hour: str
    words: str
    parts: list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the past day, and of the day before."""

    name: str
    now: str
    before: str
    is_worse: bool


@dataclass(frozen=True, slots=True)
class PastCell:
    """An hour of the heatmap. `kind`: empty, good, mixed or bad; `level`: how much there was, from 1 to LEVELS."""

    words: str
    kind: str
    level: int


def bars(hours: list[PastHour]) -> tuple[list[Bar], int]:
    """Of the last 24 hours and the one that has begun, and how many the highest has."""
    shown = hours[-_DAY - 1 :]
    highest = max((hour.by_state.total() for hour in shown), default=0)
    return [_bar(hour, highest) for hour in shown], highest


def _bar(hour: PastHour, highest: int) -> Bar:
    parts = [(state, 100 * hour.by_state[state] / highest) for state in SHOWN if hour.by_state[state]]
    return Bar(f"{hour.at:%H}", f"{hour_words(hour.at)}: {_in_words(hour.by_state)}", parts)


def _in_words(by_state: Counter[str]) -> str:
    return ", ".join(f"{by_state[state]:,} {state}" for state in SHOWN if by_state[state]) or "nothing"


def figures(hours: list[PastHour]) -> list[Figure]:
    """Runs, success, lateness: the 24 full hours and this one, beside the 24 before."""
    today, before = past_day(hours[-_DAY - 1 :]), past_day(hours[-2 * _DAY - 1 : -_DAY - 1])
    return [
        Figure("Runs", f"{today.run_count:,}", f"{before.run_count:,}", is_worse=False),
        Figure("Succeeded", _percent(today), _percent(before), _is_less(today, before)),
        _lateness("50", today.lateness, before.lateness),
        _lateness("99", today.lateness, before.lateness),
    ]


def _percent(day: PastDay) -> str:
    if day.success_percent is None:
        return "–"
    return f"{day.success_percent:.1f} %".replace("100.0", "100")


def _is_less(today: PastDay, before: PastDay) -> bool:
    if today.success_percent is None or before.success_percent is None:
        return False
    return today.success_percent < before.success_percent - 0.05


def _lateness(percent: str, today: Spread, before: Spread) -> Figure:
    now, then = (getattr(spread, f"p{percent}") for spread in (today, before))
    is_worse = bool(before.count and today.count) and _or_longest(now) > _or_longest(then)
    return Figure(f"Lateness p{percent}", _at_most(now, today), _at_most(then, before), is_worse)


def _or_longest(value: timedelta | None) -> timedelta:
    return timedelta.max if value is None else value


def _at_most(value: timedelta | None, spread: Spread) -> str:
    if not spread.count:
        return "–"
    longest = timedelta(milliseconds=BUCKETS[-1])
    return f"> {lengths.length(longest)}" if value is None else f"≤ {lengths.length(value)}"


def past_rows(hours: list[PastHour]) -> list[tuple[str, list[PastCell | None]]]:
    """A row a day, the newest last; None: hours that are not shown."""
    most = max((hour.by_state.total() for hour in hours), default=0)
    rows: dict[str, list[PastCell | None]] = {}
    for hour in hours:
        row = rows.setdefault(f"{hour.at:%a} {hour.at.day} {hour.at:%b}", [None] * _DAY)
        row[hour.at.hour] = _past_cell(hour, most)
    return list(rows.items())


def _past_cell(hour: PastHour, most: int) -> PastCell:
    total = hour.by_state.total()
    words = f"{hour_words(hour.at)}: {_in_words(hour.by_state)}"
    if not total:
        return PastCell(words, "empty", 0)
    bad = (hour.by_state["failed"] + hour.by_state[MISSED]) / total
    kind = "good" if not bad else "mixed" if bad < 0.5 else "bad"
    return PastCell(words, kind, level(total, most))


def level(count: int, most: int) -> int:
    """From 1 to LEVELS, 0 for nothing; by the square root, so that few are seen beside many."""
    return 0 if not count else max(1, round(LEVELS * (count / most) ** 0.5))
