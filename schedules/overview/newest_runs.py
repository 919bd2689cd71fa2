"""The newest runs of the schedules of a page, and what they spent: a few statements, however many schedules."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import OuterRef, Q, Subquery, Sum

from schedules.database.ulids import lowest_ulid_at
from schedules.models import TRIGGER_DELAY, Run, Schedule

SHOWN_RUNS: Final = 20
SPENT_WITHIN: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a strip shows of a run. `duration`: from its first attempt's start to its end, if it has both."""

    id: str
    state: str
    due_at: datetime
    duration: timedelta | None


@dataclass(frozen=True, slots=True)
class Spent:
    """Of the runs of a week. None: no answer has said any. `cost`: in billionths of a dollar."""

    tokens: int | None
    cost: int | None


def newest_runs(schedule_ids: Collection[str]) -> dict[str, list[RunFacts]]:
    """By schedule: its SHOWN_RUNS newest runs, oldest first.

    The first statement finds where each schedule's begin, by an index; the second reads them, and no others.
    """
    beginnings = _beginnings(schedule_ids)
    if not beginnings:
        return {}
    theirs = Q()
    for schedule_id, first in beginnings.items():
        theirs |= Q(schedule=schedule_id, id__gte=first)
    found: dict[str, list[RunFacts]] = defaultdict(list)
    columns = ("schedule_id", "id", "state", "fire_time", "created_at", "started_at", "finished_at")
    for schedule_id, *facts in sorted(Run.objects.filter(theirs).order_by().values_list(*columns)):
        found[schedule_id].append(_facts(*facts))
    return found


def _beginnings(schedule_ids: Collection[str]) -> dict[str, str]:
    newest = Run.objects.filter(schedule=OuterRef("pk")).order_by("-id").values("id")
    last_shown = Subquery(newest[SHOWN_RUNS - 1 : SHOWN_RUNS])
    rows = Schedule.objects.filter(pk__in=schedule_ids).order_by().annotate(first=last_shown)
    return {schedule_id: first or "" for schedule_id, first in rows.values_list("pk", "first")}


def _facts(
    id_: str, state: str, fire_time: Any, created_at: Any, started_at: Any, finished_at: Any
) -> RunFacts:
    duration = finished_at - started_at if started_at and finished_at else None
    return RunFacts(id_, state, fire_time or created_at + TRIGGER_DELAY, duration)


def p95(runs: Collection[RunFacts]) -> timedelta | None:
    """What 95 of 100 of these runs did not exceed; None where none has ended."""
    durations = sorted(run.duration for run in runs if run.duration is not None)
    return durations[-(-95 * len(durations) // 100) - 1] if durations else None


def spent(schedule_ids: Collection[str], now: datetime) -> dict[str, Spent]:
    """By schedule: tokens in and out and what they cost, of the runs made within a week."""
    recent = Run.objects.filter(
        schedule__in=schedule_ids, id__gte=lowest_ulid_at(now - SPENT_WITHIN)
    ).order_by()
    sums = recent.values("schedule_id").annotate(
        sent=Sum("input_tokens"), came=Sum("output_tokens"), paid=Sum("cost")
    )
    return {
        row["schedule_id"]: Spent(
            _added(row["sent"], row["came"]), None if row["paid"] is None else int(row["paid"])
        )
        for row in sums
    }


def _added(*counts: int | None) -> int | None:
    known = [int(count) for count in counts if count is not None]
    return sum(known) if known else None
