"""The closed ledger: every instant of every epoch ends as exactly one record."""

from datetime import timedelta

import pytest

from schedules import editing
from schedules.ledger import Problem, audit
from schedules.models import (
    CadenceEpoch,
    EpochEnd,
    MissedFiring,
    MissedReason,
    NextFire,
    Run,
    Schedule,
    TriggerKind,
)
from tests.factories import NOON, make_due_schedule, make_run, make_schedule
from tests.firing import fire

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def hourly() -> Schedule:
    """Fires at each full hour; first at NOON."""
    return make_schedule(expression="0 0 * * * *", now=NOON - HOUR / 2)


def fire_hours(count: int) -> None:
    """A beat has run at each of `count` full hours from NOON on."""
    for hour in range(count):
        fire(NOON + hour * HOUR, 10)


def problems(**options: object) -> list[tuple[Problem, float]]:
    """What the audit at NOON + 5 h finds: (problem, hours after NOON)."""
    findings = audit(NOON + 5 * HOUR, **options).findings  # type: ignore[arg-type]  # passed on
    return [(found.problem, (found.instant - NOON) / HOUR) for found in findings if found.instant]


def test_a_schedule_that_fired_on_time_is_accounted_for() -> None:
    hourly()
    fire_hours(4)

    result = audit(NOON + 3.5 * HOUR)

    assert (result.expected_count, result.accounted_count, result.is_clean) == (4, 4, True)
    assert str(result) == "4 of 4 instants accounted for"


def test_an_outage_is_accounted_for_by_one_run_and_one_record() -> None:
    hourly()
    fire(NOON + 3.5 * HOUR, 10)

    result = audit(NOON + 3.5 * HOUR)

    assert (result.expected_count, result.is_clean) == (4, True)


@pytest.mark.parametrize(
    ("change", "reason", "cause"),
    [
        ({"is_active": False}, MissedReason.PAUSED, EpochEnd.PAUSED),
        ({"expression": "0 30 * * * *"}, MissedReason.REPLACED, EpochEnd.REPLACED),
    ],
)
def test_what_was_due_when_an_epoch_ended_is_missed_with_the_reason(
    change: editing.ScheduleChanges, reason: MissedReason, cause: EpochEnd
) -> None:
    schedule = hourly()
    fire_hours(2)

    editing.update(schedule.id, change, "apk_x", NOON + 3.1 * HOUR)

    missed, epoch = MissedFiring.objects.get(), CadenceEpoch.objects.get(generation=1)
    assert (missed.first_fire_time, missed.last_fire_time) == (NOON + 2 * HOUR, NOON + 3 * HOUR)
    assert (missed.count, missed.reason) == (2, reason)
    assert (epoch.ended_at, epoch.ended_by) == (NOON + 3.1 * HOUR, cause)
    fire(NOON + 5.1 * HOUR, 10)
    assert audit(NOON + 5.1 * HOUR).is_clean


def test_what_was_due_when_a_schedule_was_deleted_is_missed() -> None:
    schedule = hourly()

    editing.delete(schedule.id, "apk_x", NOON + HOUR / 10)

    assert MissedFiring.objects.get().reason == MissedReason.DELETED
    assert audit(NOON + 5 * HOUR).is_clean


def test_an_edit_that_is_no_change_of_cadence_ends_no_epoch() -> None:
    schedule = hourly()

    editing.update(
        schedule.id, {"payload": {"input": ""}, "expression": "0 0 * * * *"}, "apk_x", NOON + HOUR / 10
    )

    assert CadenceEpoch.objects.get().ended_at is None
    assert not MissedFiring.objects.exists()


def test_pausing_and_resuming_leaves_no_instants_in_between() -> None:
    schedule = hourly()
    fire_hours(1)
    editing.update(schedule.id, {"is_active": False}, "apk_x", NOON + HOUR / 2)
    editing.update(schedule.id, {"is_active": True}, "apk_x", NOON + 3.5 * HOUR)
    fire(NOON + 4 * HOUR, 10)

    result = audit(NOON + 4.5 * HOUR)

    assert (result.expected_count, result.is_clean) == (2, True)
    assert CadenceEpoch.objects.count() == 2


def test_a_new_cadence_of_a_paused_schedule_describes_nothing() -> None:
    schedule = hourly()
    editing.update(schedule.id, {"is_active": False}, "apk_x", NOON - HOUR / 4)
    editing.update(schedule.id, {"expression": "0 30 * * * *"}, "apk_x", NOON - HOUR / 4)

    assert audit(NOON + 5 * HOUR).expected_count == 0


def test_a_once_is_accounted_for_and_may_begin_again() -> None:
    schedule = make_due_schedule()
    fire(NOON, 10)
    again = {"expression": "@at 2026-06-01T14:00:00Z", "is_active": True}
    editing.update(schedule.id, again, "apk_x", NOON + HOUR)  # type: ignore[arg-type]  # a literal
    fire(NOON + 2 * HOUR, 10)

    result = audit(NOON + 5 * HOUR)

    assert (result.expected_count, result.is_clean) == (2, True)


@pytest.mark.parametrize("change", [{"is_active": False}, {"expression": "0 0 */2 * * *"}, None])
def test_an_edit_that_waited_for_a_firing_comes_after_it(change: editing.ScheduleChanges | None) -> None:
    schedule = hourly()
    asked_at = NOON - timedelta(milliseconds=100)
    fire(NOON, 10)

    if change is None:
        editing.delete(schedule.id, "apk_x", asked_at)
    else:
        editing.update(schedule.id, change, "apk_x", asked_at)

    assert CadenceEpoch.objects.get(generation=1).ended_at == NOON
    schedule.refresh_from_db()
    assert schedule.next_fire_at in (None, NOON + 2 * HOUR)
    assert audit(NOON + HOUR).is_clean


def test_an_edit_that_waited_for_another_comes_after_it() -> None:
    schedule = hourly()
    editing.update(schedule.id, {"expression": "0 30 * * * *"}, "apk_x", NOON - HOUR / 4)

    editing.update(schedule.id, {"expression": "0 45 * * * *"}, "apk_x", NOON - HOUR / 3)

    assert [epoch.began_at for epoch in CadenceEpoch.objects.order_by("generation")] == [
        NOON - HOUR / 2,
        NOON - HOUR / 4,
        NOON - HOUR / 4,
    ]


def test_a_lost_run_is_a_gap() -> None:
    hourly()
    fire_hours(4)
    Run.objects.filter(fire_time=NOON + HOUR).delete()

    assert problems() == [(Problem.GAP, 1.0)]


def test_a_skipped_instant_is_a_gap_although_the_schedule_went_on() -> None:
    hourly()
    fire_hours(1)
    NextFire.objects.update(fire_time=NOON + 4 * HOUR)

    assert problems() == [(Problem.GAP, 1.0), (Problem.GAP, 2.0), (Problem.GAP, 3.0)]


def test_a_run_of_no_instant_is_extra() -> None:
    schedule = hourly()
    fire_hours(6)
    make_run(schedule, trigger=TriggerKind.CADENCE, fire_time=NOON + 1.5 * HOUR)

    assert problems() == [(Problem.EXTRA, 1.5)]


def test_an_instant_that_is_run_and_missed_is_a_duplicate() -> None:
    schedule = hourly()
    fire_hours(6)
    missed = {"first_fire_time": NOON + HOUR, "last_fire_time": NOON + HOUR, "reason": "coalesced"}
    MissedFiring.objects.create(schedule=schedule, generation=1, count=1, **missed)

    assert problems() == [(Problem.DUPLICATE, 1.0)]


def test_a_record_that_counts_wrong_is_found() -> None:
    hourly()
    fire(NOON + 5 * HOUR, 10)
    MissedFiring.objects.update(count=4)

    assert problems() == [(Problem.MISCOUNTED, 0.0)]


def test_an_audit_since_an_instant_looks_at_nothing_before_it() -> None:
    hourly()
    fire_hours(2)
    fire(NOON + 5 * HOUR, 10)
    Run.objects.filter(fire_time=NOON).delete()

    assert problems() == [(Problem.GAP, 0.0)]
    for hours in (0, 2.5, 4, 5):
        assert problems(since=NOON + hours * HOUR) == []


def test_an_epoch_whose_cadence_cannot_be_read_is_found_and_stops_no_other() -> None:
    unreadable, sound = hourly(), hourly()
    fire_hours(6)
    CadenceEpoch.objects.filter(schedule=unreadable).update(expression="nonsense")

    assert problems() == [(Problem.UNREADABLE, -0.5)]
    assert problems(schedule_id=sound.id) == []


def test_an_audit_of_one_schedule_leaves_the_others_out() -> None:
    broken, sound = hourly(), hourly()
    fire_hours(6)
    Run.objects.filter(schedule=broken).delete()

    assert problems(schedule_id=sound.id) == []
    assert len(problems(schedule_id=broken.id)) == 6
