"""What holds and records say of each other: nothing starts under a hold, and nothing is paused without a cause."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from schedules.database.trusted_time import LEAP
from schedules.database.ulids import lowest_ulid_at
from schedules.ledger.findings import Finding, Problem
from schedules.ledger.scope import Scope
from schedules.models import CadenceEpoch, Hold, MissedFiring, MissedReason, Run

TAKES_EFFECT_WITHIN: Final = timedelta(minutes=1)
"""A hold's time is read before it is committed, which a database in trouble may take long for."""

_MADE_BEFORE: Final = timedelta(hours=1)
"""Of the runs that a hold found waiting the newest are judged: ids lead to these, and not to all that ever waited."""


def contradictions(scope: Scope) -> Iterator[Finding]:
    """Runs that started under a hold; fire times that are recorded as paused, and nothing paused them."""
    yield from _started(scope)
    yield from _not_held(scope)


def _started(scope: Scope) -> Iterator[Finding]:
    holds = Hold.objects.select_related("workspace", "agent").order_by("id")
    if scope.since is not None:
        holds = holds.filter(Q(ended_at=None) | Q(ended_at__gt=scope.since))
    for hold in holds.iterator():
        columns = ("id", "schedule_id", "generation", "started_at")
        for run_id, schedule_id, generation, at in (
            _started_under(hold, scope).values_list(*columns).iterator()
        ):
            words = f"run {run_id} started while it was held: {hold}"
            yield Finding(schedule_id, generation, at, Problem.PAUSES, words)


def _started_under(hold: Hold, scope: Scope) -> "QuerySet[Run]":
    """But for its last seconds: where the clock was set back, it ended a little before it says."""
    over_at = min(hold.over_at - LEAP if hold.over_at else scope.now, scope.now)
    runs = Run.objects.filter(
        id__gte=lowest_ulid_at(hold.began_at - _MADE_BEFORE),
        id__lt=lowest_ulid_at(over_at + _MADE_BEFORE),
        started_at__gt=hold.began_at + TAKES_EFFECT_WITHIN,
        started_at__lt=over_at,
        **scope.of("schedule_id"),
    )
    if hold.workspace_id is not None:
        runs = runs.filter(workspace=hold.workspace_id)
    return (runs if hold.agent_id is None else runs.filter(agent=hold.agent_id)).order_by("id")


def _not_held(scope: Scope) -> Iterator[Finding]:
    """Of epochs that go on: where one was ended by a pause, that is the cause."""
    ended_since = Q(ended_at=None) | Q(ended_at__gte=OuterRef("first_fire_time"))
    reaching = (Q(workspace=None) | Q(workspace=OuterRef("schedule__workspace"))) & (
        Q(agent=None) | Q(agent=OuterRef("schedule__agent"))
    )
    hold = Hold.objects.filter(ended_since, reaching, began_at__lte=OuterRef("recorded_at"))
    is_open = CadenceEpoch.objects.filter(
        schedule=OuterRef("schedule"), generation=OuterRef("generation"), ended_at=None
    )
    paused = MissedFiring.objects.filter(
        Exists(is_open), ~Exists(hold), reason=MissedReason.PAUSED, **scope.of("schedule_id")
    )
    if scope.since is not None:
        paused = paused.filter(recorded_at__gte=scope.since)
    columns = ("schedule_id", "generation", "first_fire_time")
    for schedule_id, generation, at in paused.order_by(F("id")).values_list(*columns).iterator():
        yield Finding(
            schedule_id, generation, at, Problem.PAUSES, "missed as paused, and nothing held it then"
        )
