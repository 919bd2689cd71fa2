"""The coming week on the front page: a heatmap of what fires, its herds, and the next twenty."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from schedules import lengths
from schedules.admin.moments import hour_words
from schedules.admin.overview_past import level
from schedules.expressions.instants import rfc3339
from schedules.overview.coming_load import HOUR
from schedules.overview.coming_week import ComingHour, ComingWeek, Herd

MOST_HERDS: Final = 6


@dataclass(frozen=True, slots=True)
class ComingCell:
    """An hour of the heatmap; `herd` in words: `412 at 09:00:00`."""

    words: str
    count: int
    level: int
    herd: str
    href: str


@dataclass(frozen=True, slots=True)
class HerdLine:
    """One of the largest herds."""

    words: str
    day: str
    href: str


@dataclass(frozen=True, slots=True)
class Coming:
    """All of it. `partly`: what is not in the cells, in words."""

    rows: list[tuple[str, list[ComingCell | None]]]
    herds: list[HerdLine]
    counted: str
    partly: str


def coming(week: ComingWeek | None, now: datetime) -> Coming | None:
    """None: no beat has worked it out yet."""
    if week is None:
        return None
    most = max(hour.count for hour in week.hours)
    rows: dict[str, list[ComingCell | None]] = {}
    for hour in week.hours:
        row = rows.setdefault(f"{hour.at:%a} {hour.at.day} {hour.at:%b}", [None] * 24)
        row[hour.at.hour] = _cell(hour, most)
    partly = (
        f"{week.partly_count:,} schedules with rare cadences are counted once" if week.partly_count else ""
    )
    return Coming(list(rows.items()), _herds(week, now), lengths.by_the_minute(week.counted_at, now), partly)


def _cell(hour: ComingHour, most: int) -> ComingCell:
    herd = _herd_words(hour.herd) if hour.herd else ""
    words = f"{hour_words(hour.at)}: {hour.count:,} to fire{f', of them {herd}' if herd else ''}"
    return ComingCell(words, hour.count, level(hour.count, most), herd, fires_href(hour.at, hour.at + HOUR))


def _herds(week: ComingWeek, now: datetime) -> list[HerdLine]:
    """The largest; of those that are as large the next ones, in order of time."""
    coming = [hour.herd for hour in week.hours if hour.herd and hour.herd.at > now]
    largest = sorted(coming, key=lambda herd: (-herd.count, herd.at))[:MOST_HERDS]
    return [
        HerdLine(_herd_words(herd), f"{herd.at:%a} {herd.at.day} {herd.at:%b}", fires_href(herd.at, None))
        for herd in sorted(largest, key=lambda herd: herd.at)
    ]


def _herd_words(herd: Herd) -> str:
    return f"{herd.count:,} at {herd.at:%H:%M:%S}"


def fires_href(first: datetime, end: datetime | None) -> str:
    """The page of what fires from `first` on and before `end`; None: in that second."""
    asked = {"from": rfc3339(first)} | ({"to": rfc3339(end)} if end else {})
    return f"{reverse('fires')}?{urlencode(asked)}"
