"""What starts late, and what was never fired: an incident of the schedule, unless something wider is the reason."""

from datetime import datetime, timedelta

import pytest

from schedules.alerts import watching
from schedules.firing.due import fire_due
from schedules.models import (
    AlertRule,
    Incident,
    MissedFiring,
    MissedReason,
    NextFire,
    ProcessKind,
    ProcessRegistration,
    Schedule,
    Subject,
)
from schedules.models.process import this_process
from tests.factories import NOON, make_agent, make_hold, make_schedule
from tests.schedules.alerts.days import HOUR, MINUTE, SECOND, judge, minutes, open_incidents, run_of, succeed

pytestmark = pytest.mark.django_db


def miss(
    schedule: Schedule, first: datetime, count: int, reason: MissedReason = MissedReason.COALESCED
) -> None:
    """So many hourly fire times from `first` on are recorded as missed."""
    MissedFiring.objects.create(
        schedule=schedule,
        generation=schedule.generation,
        first_fire_time=first,
        last_fire_time=first + (count - 1) * HOUR,
        count=count,
        reason=reason,
        recorded_at=first + count * HOUR,
    )


def standstill(
    schedule: Schedule, rule: str, opened_at: datetime, closed_at: datetime | None = None
) -> Incident:
    """An incident of the schedule's workspace."""
    return Incident.objects.create(
        workspace=schedule.workspace,
        rule=rule,
        subject=Subject.WORKSPACE,
        subject_id=str(schedule.workspace_id),
        opened_at=opened_at,
        seen_at=opened_at,
        closed_at=closed_at,
    )


@pytest.fixture
def beat(db: None) -> None:
    """A beat and a worker that are alive."""
    for kind in ProcessKind:
        this_process(kind, "test", 20).save(force_insert=True)


def look(now: datetime | None = None) -> None:
    """As a beat that has been there for long."""
    watching.check(now or datetime.now(tz=NOON.tzinfo), timedelta(hours=1))


def test_missed_fire_times_are_one_incident_with_their_range() -> None:
    schedule = make_schedule(type="interval", expression="@every 1h")

    miss(schedule, NOON, 3)
    judge(NOON + 3 * HOUR)
    miss(schedule, NOON + 3 * HOUR, 2)
    judge(NOON + 5 * HOUR)

    missed = open_incidents(schedule)["fire.missed"]
    assert missed.facts["missed_count"] == 5
    assert missed.facts["first_fire_time"] == "2026-06-01T12:00:00Z"
    assert missed.facts["last_fire_time"] == "2026-06-01T16:00:00Z"


def test_what_the_beats_really_miss_opens_it() -> None:
    schedule = make_schedule(type="interval", expression="@every 1h")

    fire_due(NOON + 5 * HOUR + MINUTE, 10)
    judge(NOON + 5 * HOUR + 2 * MINUTE)

    assert open_incidents(schedule)["fire.missed"].facts["missed_count"] == 4


@pytest.mark.parametrize("reason", [MissedReason.PAUSED, MissedReason.REPLACED, MissedReason.DELETED])
def test_what_a_person_stopped_opens_nothing(reason: MissedReason) -> None:
    schedule = make_schedule()

    miss(schedule, NOON, 3, reason)
    judge(NOON + 3 * HOUR)

    assert not open_incidents()


def test_a_hold_opens_nothing() -> None:
    agent = make_agent()
    make_schedule(agent, type="interval", expression="@every 1h")
    make_hold(agent, NOON)

    fire_due(NOON + 5 * HOUR, 10)
    judge(NOON + 5 * HOUR)

    assert MissedFiring.objects.exists()
    assert not open_incidents()


def test_the_next_fire_in_time_closes_it() -> None:
    schedule = make_schedule(type="interval", expression="@every 1h")
    miss(schedule, NOON, 3)
    judge(NOON + 3 * HOUR)

    succeed(schedule, NOON + 4 * HOUR)
    judge(NOON + 4 * HOUR + MINUTE)

    assert not open_incidents()


def test_a_run_that_was_due_before_the_missed_ones_does_not_end_their_incident() -> None:
    schedule = make_schedule(type="interval", expression="@every 1h")
    miss(schedule, NOON + HOUR, 3)
    judge(NOON + 4 * HOUR)

    succeed(schedule, NOON)
    judge(NOON + 4 * HOUR + MINUTE)

    assert "fire.missed" in open_incidents(schedule)


def test_a_run_that_started_late_opens_and_the_next_one_in_time_closes() -> None:
    schedule = make_schedule()

    succeed(schedule, NOON, late=timedelta(minutes=6))
    judge(minutes(7))
    assert open_incidents(schedule)["fire.late"].facts["lateness_seconds"] == 360
    succeed(schedule, NOON + HOUR, late=timedelta(seconds=3))
    judge(NOON + HOUR + MINUTE)

    assert not open_incidents()


def test_four_minutes_are_not_late_unless_the_schedule_says_so() -> None:
    schedule, strict = make_schedule(), make_schedule()
    AlertRule.objects.create(workspace=strict.workspace, schedule=strict, rule="fire.late", threshold=60)

    for each in (schedule, strict):
        succeed(each, NOON, late=timedelta(minutes=4))
    judge(minutes(5))

    assert not open_incidents(schedule)
    assert "fire.late" in open_incidents(strict)


@pytest.mark.parametrize("rule", ["beat.stalled", "workers.gone", "broker.down"])
def test_what_a_standstill_of_the_service_delayed_or_missed_belongs_to_that(rule: str) -> None:
    schedule = make_schedule(type="interval", expression="@every 1h")
    whole = standstill(schedule, rule, NOON, NOON + 4 * HOUR)

    miss(schedule, NOON + HOUR, 2)
    succeed(schedule, NOON + 3 * HOUR, late=timedelta(hours=1))
    judge(NOON + 5 * HOUR)

    assert not open_incidents()
    whole.refresh_from_db()
    assert whole.facts["missed_count"] == 2


def test_what_was_late_before_the_standstill_has_its_own() -> None:
    schedule = make_schedule()
    standstill(schedule, "beat.stalled", NOON + 2 * HOUR)

    succeed(schedule, NOON, late=timedelta(minutes=6))
    judge(minutes(7))

    assert "fire.late" in open_incidents(schedule)


def test_runs_that_wait_for_a_slot_are_one_incident_of_their_agent_and_none_is_late(beat: None) -> None:
    now = datetime.now(tz=NOON.tzinfo)
    agent = make_agent(max_in_flight=1)
    schedules = [make_schedule(agent) for _ in range(3)]
    run_of(schedules[0], now, state="running", lease_expires_at=now + HOUR, attempt_started_at=now)
    for schedule in schedules[1:]:
        run_of(schedule, now - 10 * MINUTE)
    NextFire.objects.update(fire_time=now + HOUR)

    look(now)

    assert set(open_incidents()) == {"agent.saturated"}
    saturated = open_incidents(agent)["agent.saturated"]
    assert (saturated.facts["in_flight"], saturated.facts["limit"]) == (1, 1)


def test_a_run_that_nobody_claims_and_a_fire_time_that_nobody_fires_are_late(beat: None) -> None:
    now = datetime.now(tz=NOON.tzinfo)
    waits, unfired, in_time = make_schedule(), make_schedule(), make_schedule()
    run_of(waits, now - 6 * MINUTE)
    NextFire.objects.filter(schedule=unfired).update(fire_time=now - 6 * MINUTE)
    NextFire.objects.filter(schedule=in_time).update(fire_time=now - 4 * MINUTE)
    NextFire.objects.filter(schedule=waits).update(fire_time=now + HOUR)

    look(now)

    assert open_incidents(waits)["fire.late"].facts["run_id"]
    assert "run_id" not in open_incidents(unfired)["fire.late"].facts
    assert not open_incidents(in_time)


def test_a_late_run_that_was_seen_waiting_closes_with_the_next_one_in_time(beat: None) -> None:
    now = datetime.now(tz=NOON.tzinfo)
    schedule = make_schedule()
    NextFire.objects.filter(schedule=schedule).update(fire_time=now + HOUR)
    run_of(schedule, now - 6 * MINUTE)
    look(now)
    assert "fire.late" in open_incidents(schedule)

    succeed(schedule, now - 2 * SECOND)
    judge(now + SECOND)

    assert not open_incidents(schedule)


def test_no_beat_is_told_by_others_with_what_is_due_and_nothing_of_it_is_late_by_itself(beat: None) -> None:
    now = datetime.now(tz=NOON.tzinfo)
    schedule = make_schedule()
    NextFire.objects.update(fire_time=now - 10 * MINUTE)
    ProcessRegistration.objects.filter(kind=ProcessKind.BEAT).delete()

    look(now)

    [stalled] = open_incidents().values()
    assert (stalled.rule, stalled.subject_id) == ("beat.stalled", str(schedule.workspace_id))
    assert stalled.facts["due_count"] == 1


def test_a_process_that_has_just_started_waits_for_the_others() -> None:
    make_schedule()

    watching.check(datetime.now(tz=NOON.tzinfo), timedelta(seconds=59))

    assert not {"beat.stalled", "workers.gone"} & set(open_incidents())
