"""What was promised and is not there, and what is there and belongs to nothing.

Each question is one statement, so that it sees one moment: whatever is fired, asked for or pruned meanwhile is seen
whole or not at all.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from schedules.ledger.findings import Finding, Problem
from schedules.ledger.scope import Scope
from schedules.models import CadenceEpoch, MissedFiring, Run, Schedule

SHOWN = 10
"""Most numbers named in a finding."""

_MANUAL = Run.objects.filter(schedule=OuterRef("pk"), fire_time__isnull=True)
_CADENCE = Run.objects.filter(schedule=OuterRef("pk"), fire_time__isnull=False)


def vanished(scope: Scope) -> Iterator[Finding]:
    """Schedules that have accepted more manual runs than there are, and than retention has deleted."""
    kept = _count_of(_MANUAL.filter(manual_number__isnull=False))
    rows = Schedule.objects.filter(manual_count__gt=0, **scope.of("id")).annotate(kept=kept)
    lacking = rows.filter(kept__lt=F("manual_count") - F("pruned_manual_count"))
    columns = ("id", "generation", "manual_count", "pruned_manual_count", "kept")
    for schedule_id, generation, accepted, pruned, left in lacking.order_by("id").values_list(*columns):
        lost = accepted - pruned - left
        words = (
            f"{accepted} manual runs were accepted, {pruned} pruned, {left} are left; "
            f"{_listed('number', _last_absent(schedule_id, accepted, lost))} gone"
        )
        for _ in range(lost):
            yield Finding(schedule_id, generation, None, Problem.VANISHED, words)


def _last_absent(schedule_id: str, accepted: int, lost: int) -> list[int]:
    """The highest numbers that no run has: retention deletes the oldest."""
    numbered = Run.objects.filter(schedule=schedule_id, fire_time__isnull=True, manual_number__isnull=False)
    there = set(numbered.values_list("manual_number", flat=True))
    absent = (number for number in range(accepted, 0, -1) if number not in there)
    return sorted(number for number, _ in zip(absent, range(lost), strict=False))


def lost_generations(scope: Scope) -> Iterator[Finding]:
    """Schedules that have begun more epochs than there are: no epoch of a schedule is ever deleted.

    Where an epoch's records are left, the recount has found those.
    """
    kept = _count_of(CadenceEpoch.objects.filter(schedule=OuterRef("pk")))
    lacking = Schedule.objects.filter(**scope.of("id")).annotate(kept=kept).filter(kept__lt=F("epoch_count"))
    columns = ("id", "generation", "epoch_count", "kept")
    for schedule_id, newest, begun, left in lacking.order_by("id").values_list(*columns):
        absent, with_records = _without_epoch(schedule_id, newest)
        lost = begun - left - with_records
        words = f"{begun} epochs were begun and {left} are left; {_listed('generation', absent)} without one"
        for place in range(lost):
            number = absent[place] if len(absent) == lost else None
            yield Finding(schedule_id, number, None, Problem.LOST_GENERATION, words)


def _without_epoch(schedule_id: str, newest: int) -> tuple[list[int], int]:
    """The generations of which there is nothing, and how many have records but no epoch."""

    def numbers(rows: "QuerySet[Any]") -> set[int]:
        found = rows.filter(schedule=schedule_id, generation__lte=newest).order_by()
        return set(found.values_list("generation", flat=True).distinct())

    cadence = Run.objects.filter(fire_time__isnull=False)
    recorded = numbers(cadence) | numbers(MissedFiring.objects.all())
    there = numbers(CadenceEpoch.objects.all())
    absent = [number for number in range(1, newest + 1) if number not in there | recorded]
    return absent, len(recorded - there)


def ahead(scope: Scope) -> Iterator[Finding]:
    """Runs of a generation that their schedule has not reached."""
    for runs in (_CADENCE, _MANUAL):
        newest = Subquery(runs.order_by("-generation").values("generation")[:1])
        found = Schedule.objects.filter(**scope.of("id")).annotate(newest=newest)
        for schedule_id in (
            found.filter(newest__gt=F("generation")).order_by("id").values_list("id", flat=True)
        ):
            is_manual = runs is _MANUAL
            rows = Run.objects.filter(
                schedule=schedule_id, generation__gt=F("schedule__generation"), fire_time__isnull=is_manual
            )
            columns = ("id", "generation", "fire_time", "created_at", "schedule__generation")
            for run_id, generation, fire_time, created_at, reached in rows.order_by("id").values_list(
                *columns
            ):
                words = f"run {run_id}, while the schedule is at generation {reached}"
                yield Finding(schedule_id, generation, fire_time or created_at, Problem.AHEAD, words)


def orphaned(scope: Scope) -> Iterator[Finding]:
    """Runs and missed records whose schedule is not there; retention deletes a schedule after them."""
    for model, noun in ((Run, "runs"), (MissedFiring, "missed records")):
        for schedule_id in _without_schedule(model):
            if scope.schedule_id in (None, schedule_id):
                count = model.objects.filter(schedule=schedule_id).count()
                words = f"the schedule's row is gone, its {noun} are left ({count})"
                yield Finding(schedule_id, None, None, Problem.ORPHANED, words)


_ORPHANS = """
WITH RECURSIVE used (id) AS (
    SELECT min(schedule_id) FROM {table}
    UNION ALL
    SELECT (SELECT min(schedule_id) FROM {table} WHERE schedule_id > used.id) FROM used WHERE used.id IS NOT NULL
)
SELECT id FROM used
WHERE id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM schedules_schedule AS schedule WHERE schedule.id = used.id)
ORDER BY id
"""
"""From one schedule's id to the next in the index: the rows in between are not read."""


def _without_schedule(model: type[Run | MissedFiring]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_ORPHANS.format(table=model._meta.db_table))
        return [schedule_id for (schedule_id,) in cursor.fetchall()]


def _count_of(rows: "QuerySet[Any]") -> Coalesce:
    """How many of them each schedule has."""
    counted = rows.order_by().values("schedule").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _listed(noun: str, numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:SHOWN])) + (", …" if len(numbers) > SHOWN else "")
    return f"{noun} {shown} is" if len(numbers) == 1 else f"{noun}s {shown} are"
