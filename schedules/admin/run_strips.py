"""What the list of schedules shows of their newest runs: a strip of marks, how long they took, what they cost."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.contrib.admin import display
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from schedules import lengths
from schedules.admin import cells
from schedules.admin.pages import run_page
from schedules.models import Schedule
from schedules.models.tally import BILLIONTH
from schedules.overview.newest_runs import RunFacts, Spent, newest_runs, p95, spent

_RUNS: Final = "_shown_runs"
_SPENT: Final = "_shown_spent"


def remember_runs(schedules: Iterable[Schedule], now: datetime) -> None:
    """Read the newest runs of all of these, and what they spent within a week, at one go."""
    ids = [schedule.pk for schedule in schedules]
    runs, sums = newest_runs(ids), spent(ids, now) if ids else {}
    for schedule in schedules:
        setattr(schedule, _RUNS, runs.get(schedule.pk, []))
        setattr(schedule, _SPENT, sums.get(schedule.pk, Spent(None, None)))


def _runs(schedule: Schedule) -> list[RunFacts]:
    found: list[RunFacts] = getattr(schedule, _RUNS, [])
    return found


@display(description="Last runs")
def strip(schedule: Schedule) -> str:
    """The newest runs, oldest first, and the state of the last one."""
    runs = _runs(schedule)
    if not runs:
        return cells.NOTHING
    counts = Counter(run.state for run in runs)
    words = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    marks = format_html_join(
        "",
        '<span class="console-mark is-{}" title="{}"></span>',
        ((run.state, f"{run.due_at:%Y-%m-%d %H:%M:%S} UTC {run.state}") for run in runs),
    )
    return format_html(
        '<div class="console-strip">{} <a href="{}?schedule={}" aria-label="Its last {}: {}">{}</a></div>',
        cells.state(runs[-1].state, run_page(runs[-1].id)),
        reverse("admin:schedules_run_changelist"),
        schedule.pk,
        lengths.several(len(runs), "run"),
        words,
        marks,
    )


@display(description="p95, cost 7 d")
def took_and_spent(schedule: Schedule) -> str:
    """How long its newest runs took, but for the longest; and what a week's runs cost."""
    longest = p95(_runs(schedule))
    took = lengths.length(longest) if longest is not None else cells.NOTHING
    spending = _spending(getattr(schedule, _SPENT, Spent(None, None)))
    return cells.two_lines(took, spending, title=spending or took, width=cells.NARROW)


def _spending(of: Spent) -> str:
    cost = f"${of.cost / BILLIONTH:,.2f}" if of.cost is not None else ""
    tokens = f"{of.tokens:,} tokens" if of.tokens is not None else ""
    return ", ".join(filter(None, (cost, tokens)))
