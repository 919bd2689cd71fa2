"""While the database's clock has leapt nothing fires, starts, is recovered or pruned, and an answer is kept.

The leap is real: this process goes by the time that others told it, and the database is a month ahead of that.
"""

from datetime import timedelta

import pytest

from schedules.database import clock
from schedules.errors import ClockLeapt
from schedules.models import AuditResult, IdempotencyRecord, Run, RunState, Schedule
from schedules.runs import claiming, finishing
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import NotClaimed
from schedules.triggering import run_now
from tests.factories import make_run, make_schedule
from workers import tasks

pytestmark = pytest.mark.django_db

AHEAD = timedelta(days=30)
LEASE = timedelta(seconds=15)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def schedule() -> Schedule:
    """Made a moment ago, by the right clock."""
    return make_schedule(now=clock.database_now() - AHEAD)


def leap() -> None:
    clock.believe_others(AHEAD)


def due_run(schedule: Schedule) -> Run:
    return make_run(schedule, not_before=clock.database_now() - AHEAD - MINUTE)


def test_no_run_is_claimed_and_it_goes_on_waiting(schedule: Schedule) -> None:
    run = due_run(schedule)
    leap()

    assert claiming.claim(run.id, 1, "worker", None, LEASE) is NotClaimed.CLOCK_LEAPT

    run.refresh_from_db()
    assert (run.state, run.attempt, run.started_at) == (RunState.PENDING, 1, None)


def test_the_same_run_is_claimed_by_a_clock_that_is_right(schedule: Schedule) -> None:
    assert isinstance(claiming.claim(due_run(schedule).id, 1, "worker", None, LEASE), Claimed)


def test_an_answer_is_kept_with_the_time_that_goes_on(schedule: Schedule) -> None:
    run = due_run(schedule)
    claiming.claim(run.id, 1, "worker", None, LEASE)
    leap()

    assert finishing.succeed(run.id, 1, None)

    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED
    assert run.finished_at is not None
    assert abs(run.finished_at - clock.database_now()) < MINUTE


def test_an_answer_has_the_time_of_a_clock_that_is_right(schedule: Schedule) -> None:
    run = due_run(schedule)
    claiming.claim(run.id, 1, "worker", None, LEASE)

    finishing.succeed(run.id, 1, None)

    run.refresh_from_db()
    assert run.finished_at is not None
    assert abs(run.finished_at - clock.look().shown_at) < MINUTE


def test_nobody_can_run_a_schedule_now(schedule: Schedule) -> None:
    leap()

    with pytest.raises(ClockLeapt):
        run_now.trigger(schedule.id)

    assert not Run.objects.exists()


def test_nothing_is_pruned(schedule: Schedule) -> None:
    ended = due_run(schedule)
    Run.objects.update(state=RunState.SUCCEEDED)
    IdempotencyRecord.objects.create(
        workspace_id=schedule.workspace_id,
        key="k",
        fingerprint="f",
        created_at=clock.database_now() - 2 * AHEAD,
    )
    leap()

    assert tasks.prune_history() == 0

    assert Run.objects.filter(id=ended.id).exists()
    assert IdempotencyRecord.objects.exists()


def test_nothing_is_audited() -> None:
    leap()

    assert tasks.audit_ledger() == 0

    assert not AuditResult.objects.exists()
