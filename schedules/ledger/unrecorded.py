"""Acts without their line in the journal: what changed rows by another way than the verbs, or took lines away.

Judged is what came after the journal's oldest line: what is older was done before there was a journal, or its line
is past retention. Each question is one statement, so that an act and its line are seen both or neither.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Exists, Model, OuterRef, QuerySet

from schedules.database.ulids import lowest_ulid_at
from schedules.journal import CLOCKS_APART
from schedules.ledger.findings import Finding, Problem
from schedules.ledger.scope import Scope
from schedules.models import (
    Agent,
    ApiKey,
    Hold,
    Incident,
    JournalEntry,
    Run,
    RunState,
    Schedule,
    Webhook,
)

MARGIN: Final = timedelta(hours=1)
"""An act's own time is from before its line's: the first acts after the oldest line are not judged."""

Check = Callable[[Scope, datetime], Iterator[Finding]]


def unrecorded(scope: Scope) -> Iterator[Finding]:
    """Acts that have no line."""
    judged_from = _judged_from()
    if judged_from is None:
        return
    since = max(judged_from, scope.since or judged_from)
    found = [finding for check in _CHECKS for finding in check(scope, since)]
    still = _judged_from() if found else None  # retention may have deleted lines meanwhile
    yield from (finding for finding in found if still and finding.instant and finding.instant > still)


def _judged_from() -> datetime | None:
    oldest = JournalEntry.objects.order_by("id").values_list("at", flat=True).first()
    return None if oldest is None else oldest + MARGIN


_REVISIONS: Final = """
WITH edited AS (
    SELECT id, generation, revision, updated_at FROM schedules_schedule WHERE updated_at > %s AND id {of}
), line AS (
    SELECT object_id, min(revision) AS first, max(revision) AS last, count(DISTINCT revision) AS kept,
        max(generation) AS begun
    FROM schedules_journalentry
    WHERE object_type = 'schedule' AND revision IS NOT NULL AND object_id IN (SELECT id FROM edited)
    GROUP BY object_id
)
SELECT edited.*, line.first, line.kept, line.begun
FROM edited LEFT JOIN line ON line.object_id = edited.id
WHERE line.kept IS NULL OR line.last < edited.revision OR line.kept < edited.revision - line.first + 1
   OR line.begun < edited.generation
ORDER BY edited.id
"""


def _revisions(scope: Scope, since: datetime) -> Iterator[Finding]:
    """Each edit, pause and deletion of a schedule makes a revision: from the first with a line on, all have one."""
    of = "IS NOT NULL" if scope.schedule_id is None else "= %s"
    values = [connection.ops.adapt_datetimefield_value(since), *scope.of("id").values()]
    rows: Any = Schedule.objects.raw(_REVISIONS.format(of=of), values)
    for row in rows.iterator():
        yield Finding(row.id, row.generation, row.updated_at, Problem.UNRECORDED, _lacking(row))


def _lacking(row: Any) -> str:
    if row.kept is None:
        return f"it is at revision {row.revision}, and no line says how it came to be so"
    lacking = row.revision - row.first + 1 - row.kept
    if lacking:
        return f"{lacking} of the revisions from {row.first} to {row.revision} have no line"
    return f"no line says that generation {row.generation} began"


def _manual_runs(scope: Scope, since: datetime) -> Iterator[Finding]:
    """The line of a run now or run again has the run's id."""
    runs = Run.objects.filter(
        id__gt=lowest_ulid_at(since - CLOCKS_APART),
        fire_time=None,
        created_at__gt=since,
        **scope.of("schedule_id"),
    )
    lacking = runs.filter(~Exists(JournalEntry.objects.filter(pk=OuterRef("pk")))).order_by("id")
    columns = ("id", "schedule_id", "generation", "created_at")
    for run_id, schedule_id, generation, created_at in lacking.values_list(*columns).iterator():
        words = f"run {run_id} was asked for, and no line says by whom"
        yield Finding(schedule_id, generation, created_at, Problem.UNRECORDED, words)


def _cancels(scope: Scope, since: datetime) -> Iterator[Finding]:
    """Only people cancel."""
    runs = Run.objects.filter(state=RunState.CANCELLED, finished_at__gt=since, **scope.of("schedule_id"))
    columns = ("id", "schedule_id", "generation", "finished_at")
    rows = _without_line(runs, "run", "cancel").order_by("id").values_list(*columns)
    for run_id, schedule_id, generation, finished_at in rows.iterator():
        words = f"run {run_id} was cancelled, and no line says by whom"
        yield Finding(schedule_id, generation, finished_at, Problem.UNRECORDED, words)


@dataclass(frozen=True, slots=True)
class _Act:
    """What a column of a row says was done."""

    model: type[Model]
    noun: str
    column: str
    verb: str
    done: str


_ACTS: Final = (
    _Act(Agent, "agent", "created_at", "create", "created"),
    _Act(Agent, "agent", "deleted_at", "delete", "deleted"),
    _Act(Hold, "hold", "began_at", "hold", "made"),
    _Act(Hold, "hold", "ended_at", "release", "ended"),
    _Act(ApiKey, "API key", "created_at", "create", "issued"),
    _Act(ApiKey, "API key", "revoked_at", "revoke", "revoked"),
    _Act(Webhook, "webhook", "created_at", "create", "created"),
    _Act(Incident, "incident", "acknowledged_at", "acknowledge", "acknowledged"),
)


def _of_no_schedule(scope: Scope, since: datetime) -> Iterator[Finding]:
    """What was made, ended or acknowledged, and is nobody's schedule: agents, keys, holds, webhooks, incidents."""
    if scope.schedule_id is not None:
        return
    for act in _ACTS:
        rows: QuerySet[Any] = QuerySet(act.model).filter(**{f"{act.column}__gt": since})
        lacking = _without_line(rows, str(act.model._meta.model_name), act.verb).order_by("pk")
        for pk, at in lacking.values_list("pk", act.column).iterator():
            words = f"it was {act.done}, and no line says by whom"
            yield Finding("", None, at, Problem.UNRECORDED, words, subject=f"{act.noun} {pk}")


def _without_line(rows: "QuerySet[Any]", object_type: str, verb: str) -> "QuerySet[Any]":
    lines = JournalEntry.objects.filter(object_id=OuterRef("pk"), object_type=object_type, verb=verb)
    return rows.filter(~Exists(lines))


_CHECKS: Final[tuple[Check, ...]] = (_revisions, _manual_runs, _cancels, _of_no_schedule)
