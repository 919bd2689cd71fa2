"""A schedule's weeks as a grid of days: an instant is a mark in the colour of what became of it, a day a link."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from schedules.admin import cells
from schedules.admin.filters import in_words
from schedules.admin.pages import run_page
from schedules.ledger.outcomes import InstantOutcome, outcomes_between
from schedules.models import Schedule

WEEKS: Final = 5
_PAST: Final = timedelta(weeks=WEEKS - 2)
_WEEK: Final = timedelta(weeks=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """`words`: what happened on it, for who does not see the marks."""

    day: date
    marks: list[tuple[str, str]]
    words: str
    is_today: bool
    is_chosen: bool


def calendar(schedule: Schedule, asked: dict[str, str], now: datetime) -> dict[str, Any]:
    """The weeks around `asked["from"]` or now, and the instants of the day `asked["day"]`."""
    first = _monday(_date(asked.get("from")) or (now - _PAST).date())
    chosen = _date(asked.get("day"))
    begin, end = _midnight(first), _midnight(first) + WEEKS * _WEEK
    by_day: dict[date, list[InstantOutcome]] = defaultdict(list)
    for each in outcomes_between(schedule, begin, end, now):
        by_day[each.at.date()].append(each)
    days = [first + number * _DAY for number in range(WEEKS * 7)]
    shown = [_day(day, by_day[day], now.date(), chosen) for day in days]
    return {
        "weeks": [shown[place : place + 7] for place in range(0, len(shown), 7)],
        "chosen": chosen,
        "instants": [_line(each, now) for each in by_day[chosen]] if chosen else [],
        "first": first,
        "earlier": first - (WEEKS - 1) * _WEEK,
        "later": first + (WEEKS - 1) * _WEEK,
    }


def _date(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if date(1970, 1, 1) < found < date(9000, 1, 1) else None


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _day(day: date, instants: Iterable[InstantOutcome], today: date, chosen: date | None) -> Day:
    there = list(instants)
    counts = Counter(each.outcome for each in there)
    words = ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "nothing"
    return Day(day, [_mark(each) for each in there], words, day == today, day == chosen)


def _mark(each: InstantOutcome) -> tuple[str, str]:
    """Its class and its words."""
    by_hand = ", by hand" if each.is_manual else ""
    return each.outcome, f"{each.at:%H:%M:%S} UTC {each.outcome}{by_hand}"


def _line(each: InstantOutcome, now: datetime) -> dict[str, SafeString | str]:
    outcome = cells.outcome(each.outcome, run_page(each.run_id) if each.run_id else None)
    why = format_html('<a class="text-link" href="?at={}#why">why?</a>', f"{each.at:%Y-%m-%dT%H:%M:%S}")
    by_hand = " by hand" if each.is_manual else ""
    return {
        "at": cells.moment_from(each.at, now),
        "outcome": outcome,
        "reason": f"{in_words(each.reason)}{by_hand}",
        "why": "" if each.is_manual else why,
    }
