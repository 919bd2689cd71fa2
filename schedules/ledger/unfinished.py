"""Runs that will not come to an end by themselves, or ended for no reason."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import F, Q, QuerySet

from schedules.ledger.findings import Finding, Problem
from schedules.ledger.scope import Scope
from schedules.models import DiscardReason, Run, RunState

WAITS_FOR: Final = timedelta(days=2)
"""A run that could have started so long ago is reported."""
STARTS_WITHIN: Final = timedelta(hours=25)
"""No attempt is put off further than a day, but for late runs of an agent, which wait for each other."""
SENT_WITHIN: Final = timedelta(hours=9)
"""A beat sends the message of a run that may start again after at most eight times an hour."""
LEASES_LAST: Final = timedelta(hours=2)
"""No lease is longer than an hour, and beats take one back that has ended."""
RUNS_FOR: Final = timedelta(hours=26)
"""No call may last longer than a day."""

_Reason = tuple[str, Q]
_COLUMNS: Final = ("id", "schedule_id", "generation", "fire_time", "created_at")


def stuck(scope: Scope) -> Iterator[Finding]:
    """Pending or running runs that nobody brings on; those made after the audit's moment are another audit's."""
    for state, reasons in ((RunState.PENDING, _of_pending(scope)), (RunState.RUNNING, _of_running(scope))):
        runs = Run.objects.filter(state=state, created_at__lte=scope.now, **scope.of("schedule_id"))
        already = Q(pk__in=[])
        for words, condition in reasons:
            yield from _found(runs.filter(condition).exclude(already), Problem.STUCK, f"{state}, {words}")
            already |= condition


def unexplained(scope: Scope) -> Iterator[Finding]:
    """Discarded runs whose reason is none."""
    discarded = Run.objects.filter(state=RunState.DISCARDED, **scope.of("schedule_id"))
    rows = discarded.exclude(reason__in=DiscardReason.values)
    yield from _found(rows, Problem.UNEXPLAINED, "discarded, and no reason says why")


def _of_pending(scope: Scope) -> list[_Reason]:
    now = scope.now
    is_paced = Q(is_misfire=True, attempt=1)
    return [
        ("although it has ended", Q(finished_at__isnull=False)),
        (
            "and no beat sends its message within hours",
            Q(redispatch_at__gt=now + SENT_WITHIN) & Q(redispatch_at__gt=F("not_before") + SENT_WITHIN),
        ),
        (
            "and may not start for more than a day",
            (~is_paced & Q(not_before__gt=now + STARTS_WITHIN))
            | (is_paced & Q(not_before__gt=_last_paced_start(now))),
        ),
        (f"since more than {WAITS_FOR.days} days", Q(not_before__lte=now - WAITS_FOR)),
    ]


def _last_paced_start(now: datetime) -> datetime:
    """Late runs of an agent start so many a second: the last of those that wait, at the latest."""
    waiting = Run.objects.late_and_waiting().order_by().count()
    return now + STARTS_WITHIN + timedelta(seconds=waiting / settings.ORQ.catch_up_per_second)


def _of_running(scope: Scope) -> list[_Reason]:
    now = scope.now
    return [
        ("although it has ended", Q(finished_at__isnull=False)),
        ("and its lease ended hours ago", Q(lease_expires_at__lt=now - LEASES_LAST)),
        ("with a lease that no worker has taken", Q(lease_expires_at__gt=now + LEASES_LAST)),
        ("for longer than any call may last", Q(attempt_started_at__lt=now - RUNS_FOR)),
    ]


def _found(runs: "QuerySet[Run]", problem: Problem, words: str) -> Iterator[Finding]:
    for run_id, schedule_id, generation, fire_time, created_at in (
        runs.order_by("id").values_list(*_COLUMNS).iterator()
    ):
        at = fire_time or created_at
        yield Finding(schedule_id, generation, at, problem, f"run {run_id} is {words}")
