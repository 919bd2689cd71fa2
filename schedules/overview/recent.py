"""What failed and what was missed within a day, where somebody may look: grouped, so that one outage is one line."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from schedules.database.ulids import lowest_ulid_at
from schedules.models import MissedFiring, Run, RunState
from schedules.overview.reach import Reach

WITHIN: Final = timedelta(days=1)
MOST_RUNS: Final = 1_000
"""The newest failures that are looked at."""
MOST_MISSED: Final = 500


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Runs of one agent that failed for one reason."""

    agent_id: str
    agent_key: str
    reason: str
    count: int
    oldest: datetime
    newest: datetime
    again_count: int = 0
    """So many of them are being run again, or have been."""


@dataclass(frozen=True, slots=True)
class Failures:
    """All groups, the largest first; with `is_at_least` there may be more runs than were looked at."""

    count: int
    is_at_least: bool
    groups: list[FailureGroup]


def failures(reach: Reach, now: datetime) -> Failures:
    """The runs that failed within a day."""
    failed = Run.objects.filter(state=RunState.FAILED, id__gte=lowest_ulid_at(now - WITHIN))
    recent = _reached(failed, reach).filter(finished_at__isnull=False).order_by("-id")
    rows = list(
        recent.values_list("id", "agent_id", "agent__key", "reason", "error_code", "finished_at")[:MOST_RUNS]
    )
    ends: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    keys: dict[str, str | None] = {}
    again, repeated = Counter[tuple[str, str]](), _run_again([row[0] for row in rows])
    for run_id, agent_id, key, reason, code, finished_at in rows:
        keys[agent_id] = key
        ends[agent_id, reason or code].append(finished_at)
        again[agent_id, reason or code] += run_id in repeated
    groups = [
        FailureGroup(
            agent, keys[agent] or "?", reason, len(times), min(times), max(times), again[agent, reason]
        )
        for (agent, reason), times in ends.items()
    ]
    return Failures(len(rows), len(rows) == MOST_RUNS, sorted(groups, key=lambda group: -group.count))


def _run_again(ids: list[str]) -> set[str]:
    """Which of these have been."""
    again = Run.objects.again_of_any(ids).order_by()
    return set(again.values_list("again_of", flat=True)) if ids else set()


def missed_count(reach: Reach, now: datetime) -> int:
    """How many instants were recorded as missed within a day."""
    rows = _reached(MissedFiring.objects.filter(recorded_at__gte=now - WITHIN), reach, "schedule__")
    return sum(rows.order_by("-id").values_list("count", flat=True)[:MOST_MISSED])


def _reached(rows: QuerySet[Any], reach: Reach, path: str = "") -> QuerySet[Any]:
    if reach.workspaces is not None:
        rows = rows.filter(**{f"{path}workspace__in": reach.workspaces})
    return rows if reach.agents is None else rows.filter(**{f"{path}agent__in": reach.agents})
