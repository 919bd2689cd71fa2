"""Attempts that contradict their run: of a run at attempt n, those before it are kept, each once and in its order."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from schedules.ledger.findings import Finding, Problem
from schedules.ledger.scope import Scope
from schedules.models import WORKER_LOST, WORKER_STOPPED, AttemptOutcome, Run, RunAttempt

CLOCK_SET_BACK: Final = timedelta(hours=2)
"""The database's clock may have been set back by as much between two attempts."""


def contradictions(scope: Scope) -> Iterator[Finding]:
    """Runs that lack earlier attempts, and attempts of no run, out of order, or with an outcome that is none."""
    yield from _miscounted(scope)
    yield from _misfits(scope)


def _miscounted(scope: Scope) -> Iterator[Finding]:
    runs = Run.objects.filter(
        attempt__gt=1, **scope.of("schedule_id"), **_since("created_at", scope)
    ).order_by()
    columns = ("id", "schedule_id", "generation", "attempt", "first_kept_attempt")
    counted = runs.values(*columns).annotate(
        kept=Count("attempts"), first=Min("attempts__number"), last=Max("attempts__number")
    )
    is_whole = Q(kept__gte=F("attempt") - F("first_kept_attempt")) & (
        Q(kept=0) | Q(first__gte=1, first=F("attempt") - F("kept"), last=F("attempt") - 1)
    )
    wrong = counted.exclude(is_whole).order_by("id")
    for run_id, schedule_id, generation, attempt, _, kept, *_ in wrong.values_list(
        *columns, "kept", "first", "last"
    ):
        words = f"run {run_id} is at attempt {attempt}, and {kept} earlier attempts are kept"
        yield Finding(schedule_id, generation, None, Problem.ATTEMPTS, words)


def _misfits(scope: Scope) -> Iterator[Finding]:
    run = Run.objects.filter(id=OuterRef("run_id"))
    following = RunAttempt.objects.filter(run=OuterRef("run_id"), number=OuterRef("number") + 1)
    rows: QuerySet[Any] = RunAttempt.objects.filter(**_since("ended_at", scope)).annotate(
        schedule=Subquery(run.values("schedule_id")),
        generation=Subquery(run.values("generation")),
        reached=Subquery(run.values("attempt")),
        next_began=Coalesce(
            Subquery(following.values("started_at")),
            Subquery(run.filter(attempt=OuterRef("number") + 1).values("attempt_started_at")),
        ),
    )
    conditions = (
        ("belongs to no run", Q(schedule=None)),
        ("is none that the run has come to", Q(reached__lte=F("number"))),
        (
            "has an outcome that its error contradicts",
            ~Q(outcome__in=AttemptOutcome.values)
            | (Q(outcome=AttemptOutcome.LOST) ^ Q(error_code=WORKER_LOST))
            | (Q(outcome=AttemptOutcome.STOPPED) ^ Q(error_code=WORKER_STOPPED)),
        ),
        (
            "did not end between its start and the next attempt's",
            Q(ended_at__lt=F("started_at") - CLOCK_SET_BACK)
            | Q(ended_at__gt=F("next_began") + CLOCK_SET_BACK),
        ),
    )
    already = Q(pk__in=[])
    if scope.schedule_id is not None:
        rows = rows.filter(schedule=scope.schedule_id)
    for words, condition in conditions:
        yield from _found(rows.filter(condition).exclude(already), words)
        already |= condition


def _found(rows: "QuerySet[Any]", words: str) -> Iterator[Finding]:
    columns = ("run_id", "number", "schedule", "generation")
    for run_id, number, schedule_id, generation in rows.order_by("run_id", "number").values_list(*columns):
        detail = f"attempt {number} of run {run_id} {words}"
        yield Finding(schedule_id or "unknown", generation, None, Problem.ATTEMPTS, detail)


def _since(column: str, scope: Scope) -> dict[str, datetime]:
    return {} if scope.since is None else {f"{column}__gte": scope.since}
