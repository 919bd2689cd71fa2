"""The database held against the ghost: every row there should be, as it should be, and no other.

Each comparison raises AssertionError naming what differs.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from schedules.ledger import Audit, Problem, audit
from schedules.models import CadenceEpoch, MissedFiring, Run, Schedule
from tests.proofs.model.broker import Message
from tests.proofs.model.ghost import DISCARDED, Ghost, GhostRun

Row = tuple[Any, ...]


def compare(ghost: Ghost) -> None:
    """Schedules and runs; a run the ghost knows without its id is given it."""
    _same(
        "schedules", _schedules(ghost), set(map(_plain, Schedule.objects.order_by().values_list(*SCHEDULE)))
    )
    stored = list(Run.objects.order_by().values_list(*RUN))
    _learn_ids(ghost, stored)
    _learn_doubtful(ghost, stored)
    _same("runs", {_run(run) for run in ghost.runs}, set(map(_plain, stored)))
    assert len(stored) == len(ghost.runs), "a run too many"


def compare_records(ghost: Ghost) -> None:
    """Epochs and what was missed in them."""
    _same("missed", _missed(ghost), Counter(MissedFiring.objects.order_by().values_list(*MISSED)))
    _same("epochs", _epochs(ghost), Counter(CadenceEpoch.objects.order_by().values_list(*EPOCH)))


def compare_messages(ghost: Ghost, messages: list[Message]) -> None:
    """Every message names a run and its generation, and nothing else."""
    known = {(run.id, run.generation) for run in ghost.runs}
    assert set(messages) <= known, "a message of no run"


def compare_ledger(ghost: Ghost, now: datetime) -> None:
    """The records; every owed instant has just one; the audit counts the same."""
    compare_records(ghost)
    owed = [(each.id, *owed) for each in ghost.schedules.values() for owed in ghost.owed(each)]
    every = Counter((schedule_id, epoch.generation, instant) for schedule_id, epoch, instant in owed)
    _same("accounted instants", every, _accounted(set(every)))
    # A clock that was stepped back has not seen yet what an open epoch fired last.
    over = sum(epoch.ended_at is not None or instant <= now for _, epoch, instant in owed)
    result = audit(now)
    wrong = [str(finding) for finding in result.findings if finding.problem not in NEGLECT]
    assert not wrong, wrong
    _same("overdue", _overdue(ghost, now), _found(result, Problem.OVERDUE))
    assert result.expected_count == result.accounted_count == over, "the audit counts otherwise"


NEGLECT = (Problem.OVERDUE, Problem.STUCK)
"""What nobody has done for hours: time leaps here, and beats and workers come when they like."""


def _overdue(ghost: Ghost, now: datetime) -> set[Row]:
    fires = {
        (each.id, each.generation, each.next_fire) for each in ghost.schedules.values() if each.next_fire
    }
    return {row for row in fires if row[2] <= now - timedelta(hours=6)}


def _found(result: Audit, problem: Problem) -> set[Row]:
    found = (finding for finding in result.findings if finding.problem is problem)
    return {(finding.schedule_id, finding.generation, finding.instant) for finding in found}


def _accounted(owed: set[Row]) -> Counter[Row]:
    """How often the database accounts for each instant: by a run, or inside a missed record."""
    fired = Run.objects.filter(fire_time__isnull=False)
    accounted = Counter(map(tuple, fired.values_list("schedule_id", "generation", "fire_time")))
    for schedule, generation, first, last, count, _ in MissedFiring.objects.values_list(*MISSED):
        inside = [each for each in owed if each[:2] == (schedule, generation) and first <= each[2] <= last]
        assert len(inside) == count, "a missed record counts wrong"
        accounted.update(inside)
    return accounted


SCHEDULE = (
    *("id", "generation", "type", "expression", "is_active", "is_finished", "deleted_at", "trigger_count"),
    *("last_triggered_at", "next_fire__fire_time", "next_fire__generation", "anchor_at"),
    *("payload", "display_name"),
)
RUN = (
    *("id", "schedule_id", "generation", "trigger", "fire_time", "is_misfire", "state", "reason"),
    *("attempt", "payload", "lease_expires_at", "created_at", "started_at"),
)
MISSED = ("schedule_id", "generation", "first_fire_time", "last_fire_time", "count", "reason")
EPOCH = ("schedule_id", "generation", "type", "expression", "began_at", "ended_at", "ended_by")


def _schedules(ghost: Ghost) -> set[Row]:
    return {
        _plain(
            (
                *(each.id, each.generation, *each.expression, each.is_active, each.is_finished),
                *(each.deleted_at, each.trigger_count, each.last_triggered_at, each.next_fire),
                *(each.generation if each.next_fire else None, each.anchor, each.payload, each.name),
            )
        )
        for each in ghost.schedules.values()
    }


def _run(run: GhostRun) -> Row:
    return _plain(
        (
            *(run.id, run.schedule.id, run.generation, "cadence" if run.fire_time else "manual"),
            *(run.fire_time, run.is_misfire, run.state, run.reason),
            *(run.attempt, run.payload, run.lease_until, run.created_at, run.started_at),
        )
    )


def _missed(ghost: Ghost) -> Counter[Row]:
    return Counter(
        (each.schedule_id, each.generation, each.first, each.last, each.count, each.reason)
        for each in ghost.missed
    )


def _epochs(ghost: Ghost) -> Counter[Row]:
    return Counter(
        (schedule.id, each.generation, *each.expression, each.began_at, each.ended_at, each.ended_by)
        for schedule in ghost.schedules.values()
        for each in schedule.epochs
    )


def _plain(row: Row) -> Row:
    """The row with its JSON made comparable."""
    return tuple(repr(value) if isinstance(value, dict) else value for value in row)


def _learn_ids(ghost: Ghost, stored: list[Row]) -> None:
    """A run of the cadence is known by its fire time; its id is the service's choice."""
    nameless = {(run.schedule.id, run.generation, run.fire_time): run for run in ghost.runs if run.id is None}
    for run_id, schedule_id, generation, _, fire_time, *_ in stored:
        run = nameless.pop((schedule_id, generation, fire_time), None)
        if run is not None:
            run.id = run_id


def _learn_doubtful(ghost: Ghost, stored: list[Row]) -> None:
    """A stale run that a beat could have discarded already: only the database knows."""
    states = {row[0]: row[6] for row in stored}
    for run in ghost.runs:
        if run.may_be_discarded and states.get(run.id) == DISCARDED:
            run.end(DISCARDED, run.may_be_discarded)
        run.may_be_discarded = None


def _same(what: str, expected: Any, actual: Any) -> None:
    if expected == actual:
        return
    lacking, extra = expected - actual, actual - expected
    raise AssertionError(f"{what}: expected but not found {lacking}; found but not expected {extra}")
