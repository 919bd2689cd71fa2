"""Fire times that go by under a hold are missed, on both databases by the same tests; nothing else changes."""

from datetime import timedelta

import pytest

from schedules.firing import due
from schedules.firing.portable import PortableFireBatch
from schedules.firing.postgresql import PostgresqlFireBatch
from schedules.ledger import audit
from schedules.models import Hold, MissedFiring, NextFire, Run, Schedule
from tests.factories import NOON, make_agent, make_due_schedule, make_hold, make_schedule
from tests.firing import fire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(
    autouse=True,
    params=[
        pytest.param(PortableFireBatch, id="portable"),
        pytest.param(PostgresqlFireBatch, id="postgresql", marks=pytest.mark.postgresql),
    ],
)
def twin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> object:
    """Every test of this file holds for both twins."""
    monkeypatch.setattr(due, "fire_batch", request.param)
    return request.param


@pytest.fixture
def hourly() -> Schedule:
    """Fires at each full hour; first at NOON."""
    return make_schedule(expression="0 0 * * * *", now=NOON - HOUR / 2)


def missed() -> list[tuple[object, ...]]:
    """What was missed, in order."""
    rows = MissedFiring.objects.order_by("first_fire_time")
    return list(rows.values_list("first_fire_time", "last_fire_time", "count", "reason"))


def fired() -> list[object]:
    """The fire times that have a run."""
    return list(Run.objects.order_by("fire_time").values_list("fire_time", flat=True))


@pytest.mark.parametrize("scope", ["agent", "workspace", "everything"])
def test_a_fire_time_under_a_hold_is_missed_and_the_cadence_goes_on(hourly: Schedule, scope: str) -> None:
    before = Schedule.objects.values().get()
    owner = {"agent": hourly.agent, "workspace": hourly.workspace, "everything": None}[scope]
    make_hold(owner, began_at=NOON - MINUTE)

    fire(NOON, 10)

    assert fired() == []
    assert missed() == [(NOON, NOON, 1, "paused")]
    assert NextFire.objects.get().fire_time == NOON + HOUR
    assert Schedule.objects.values().get() == before
    assert audit(NOON + MINUTE).is_clean


@pytest.mark.parametrize("is_same_agent", [True, False])
def test_a_hold_stops_nobody_elses(hourly: Schedule, is_same_agent: bool) -> None:
    make_hold(make_agent(hourly.workspace, "other") if not is_same_agent else hourly.agent)
    other = make_schedule(make_agent(hourly.workspace, "third"), NOON - HOUR / 2, expression="0 0 * * * *")

    fire(NOON + 2 * MINUTE, 10)

    held = {hourly.id} if is_same_agent else set()
    assert set(MissedFiring.objects.values_list("schedule_id", flat=True)) == held
    assert set(Run.objects.values_list("schedule_id", flat=True)) == {hourly.id, other.id} - held


def test_when_it_is_lifted_the_next_fire_time_fires_in_the_same_generation(hourly: Schedule) -> None:
    hold = make_hold(hourly.agent, began_at=NOON - MINUTE)
    fire(NOON, 10)
    Hold.objects.filter(id=hold.id).update(ended_at=NOON + MINUTE)

    fire(NOON + HOUR, 10)

    assert Run.objects.get().generation == 1
    assert fired() == [NOON + HOUR]
    assert audit(NOON + HOUR + MINUTE).is_clean


def test_what_came_due_before_a_late_beat_is_told_apart_by_the_end_of_the_hold(hourly: Schedule) -> None:
    """Nobody fired for five hours, of which two and a half were held."""
    make_hold(hourly.agent, began_at=NOON + HOUR / 2, ended_at=NOON + 3 * HOUR)

    fire(NOON + 5 * HOUR, 10)

    assert missed() == [
        (NOON, NOON + 2 * HOUR, 3, "paused"),
        (NOON + 3 * HOUR, NOON + 4 * HOUR, 2, "coalesced"),
    ]
    assert fired() == [NOON + 5 * HOUR]
    assert audit(NOON + 5 * HOUR + MINUTE).is_clean


def test_a_fire_time_at_the_very_end_fires(hourly: Schedule) -> None:
    make_hold(hourly.agent, began_at=NOON - MINUTE, until_at=NOON)

    fire(NOON, 10)

    assert fired() == [NOON]
    assert missed() == []


def test_until_ends_it_though_no_beat_has_written_that_down(hourly: Schedule) -> None:
    make_hold(hourly.agent, began_at=NOON - MINUTE, until_at=NOON + MINUTE)

    fire(NOON + HOUR, 10)

    assert missed() == [(NOON, NOON, 1, "paused")]
    assert fired() == [NOON + HOUR]


def test_a_hold_that_ended_before_the_fire_time_is_no_concern_of_it(hourly: Schedule) -> None:
    make_hold(hourly.agent, began_at=NOON - HOUR, ended_at=NOON - MINUTE)

    fire(NOON, 10)

    assert fired() == [NOON]


def test_of_two_holds_each_goes_on_without_the_other(hourly: Schedule) -> None:
    hold = make_hold(hourly.agent, began_at=NOON - MINUTE)
    make_hold(hourly.workspace, began_at=NOON - MINUTE, ended_at=NOON - MINUTE / 2)

    fire(NOON, 10)
    Hold.objects.filter(id=hold.id).update(ended_at=NOON + MINUTE)
    fire(NOON + HOUR, 10)

    assert missed() == [(NOON, NOON, 1, "paused")]
    assert fired() == [NOON + HOUR]


def test_a_once_whose_instant_goes_by_has_finished() -> None:
    schedule = make_due_schedule()
    make_hold(schedule.agent, began_at=NOON - MINUTE)

    fire(NOON, 10)

    schedule.refresh_from_db()
    assert (schedule.is_active, schedule.is_finished, schedule.generation) == (False, True, 1)
    assert missed() == [(NOON, NOON, 1, "paused")]
    assert not NextFire.objects.exists()
    assert audit(NOON + MINUTE).is_clean


def test_a_broken_cadence_under_a_hold_stops_nobody(hourly: Schedule) -> None:
    broken = make_schedule(hourly.agent, NOON - HOUR / 2, expression="0 0 * * * *")
    NextFire.objects.filter(schedule=broken).update(expression="nonsense")
    make_hold(hourly.agent, began_at=NOON - MINUTE)

    fire(NOON, 10)

    assert missed() == [(NOON, NOON, 1, "paused")]
    assert NextFire.objects.get(schedule=broken).suspended_until is not None
