"""An agent's statistics over a period: its runs by how they ended, what they took and what they cost."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schedules.models import Agent
from schedules.models.run import FINAL_STATES
from schedules.models.tally import MISSED, OUTCOMES
from schedules.tallies.agent_hours import Counted, counted
from schedules.tallies.periods import Period
from schedules.tallies.spread import Spread, spread

TRIGGERS: Final = ("cadence", "late", "manual", "again")
STATES: Final = tuple(sorted(FINAL_STATES))
TOKENS: Final = ("input", "output", "cached")


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Runs that ended in one state for one reason, or fire times that were missed for it (`state` is MISSED)."""

    state: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Step:
    """One hour or day of the series. `cost`: in billionths of a dollar; None: unknown."""

    at: datetime
    run_count: int
    failed_count: int
    missed_count: int
    cost: int | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """All of it. Tokens and cost (in billionths of a dollar) are None where no answer has said any."""

    agent_key: str
    period: Period
    run_count: int
    by_state: dict[str, int]
    by_trigger: dict[str, int]
    by_reason: list[ReasonCount]
    missed_count: int
    missed_by_reason: list[ReasonCount]
    by_outcome: dict[str, int]
    tokens: dict[str, int | None]
    cost: int | None
    unpriced_count: int
    lateness: Spread
    duration: Spread
    series: list[Step]


def agent_statistics(agent: Agent, period: Period) -> Statistics:
    """Of the runs that were due in the period and have ended, and of the fire times missed in it."""
    rows = counted(agent, period)
    runs, missed = [row for row in rows if row.state != MISSED], [row for row in rows if row.state == MISSED]
    columns = _summed(runs)
    return Statistics(
        agent_key=agent.key,
        period=period,
        run_count=columns.get("run_count", 0),
        by_state=_counts(runs, lambda row: row.state, STATES),
        by_trigger=_counts(runs, lambda row: row.trigger, TRIGGERS),
        by_reason=_by_reason(runs),
        missed_count=_summed(missed).get("run_count", 0),
        missed_by_reason=_by_reason(missed),
        by_outcome={outcome: columns.get(f"attempts_{outcome}", 0) for outcome in OUTCOMES},
        tokens={kind: columns.get(f"{kind}_tokens") for kind in TOKENS},
        cost=columns.get("cost"),
        unpriced_count=columns.get("unpriced_count", 0),
        lateness=spread("lateness", columns),
        duration=spread("duration", columns),
        series=_series(rows, period),
    )


def _summed(rows: Iterable[Counted]) -> dict[str, int]:
    """Column by column; what no row knows is not there."""
    sums: Counter[str] = Counter()
    for row in rows:
        sums.update(row.columns)
    return dict(sums)


def _counts(rows: Iterable[Counted], key: Callable[[Counted], str], names: Iterable[str]) -> dict[str, int]:
    sums = Counter(dict.fromkeys(names, 0))
    for row in rows:
        sums[key(row)] += row.columns["run_count"]
    return dict(sums)


def _by_reason(rows: Iterable[Counted]) -> list[ReasonCount]:
    """The most frequent first; what ended without a reason, as successes do, is left out."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.reason and row.columns["run_count"]:
            sums[row.state, row.reason] += row.columns["run_count"]
    found = [ReasonCount(state, reason, count) for (state, reason), count in sums.items()]
    return sorted(found, key=lambda each: (-each.count, each.state, each.reason))


def _series(rows: Iterable[Counted], period: Period) -> list[Step]:
    by_step: dict[datetime, list[Counted]] = {at: [] for at in period.steps()}
    for row in rows:
        by_step[row.step_at].append(row)
    return [_step(at, theirs) for at, theirs in by_step.items()]


def _step(at: datetime, rows: list[Counted]) -> Step:
    counts = _counts(rows, lambda row: row.state, ())
    missed_count = counts.pop(MISSED, 0)
    return Step(at, sum(counts.values()), counts.get("failed", 0), missed_count, _summed(rows).get("cost"))
