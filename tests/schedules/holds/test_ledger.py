"""What explain and the audit say of holds."""

from datetime import datetime, timedelta

import pytest
from ulid import ULID

from schedules import editing, holds
from schedules.holds import Reach
from schedules.ledger import Problem, audit
from schedules.ledger.explaining import Explanation, Outcome, explain
from schedules.models import Hold, MissedFiring, Run, Schedule
from schedules.runs.held import discard_held
from tests.factories import NOON, make_hold, make_run, make_schedule
from tests.firing import fire

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
WORDS = "held: agent digest, by anna, 'The provider is down', until 2026-06-01 14:30:00 UTC"


@pytest.fixture
def schedule() -> Schedule:
    """Fires at each full hour; first at NOON."""
    return make_schedule(expression="0 0 * * * *", now=NOON - HOUR / 2)


@pytest.fixture
def hold(schedule: Schedule) -> Hold:
    """From a minute before NOON to half past two."""
    return make_hold(schedule.agent, NOON - MINUTE, until_at=NOON + 2.5 * HOUR)


def explained(schedule: Schedule, at: datetime, now: datetime) -> Explanation:
    """As it is stored now."""
    return explain(Schedule.objects.get(id=schedule.id), at, now)


class TestExplain:
    def test_a_fire_time_under_a_hold_names_it(self, schedule: Schedule, hold: Hold) -> None:
        fire(NOON + HOUR, 10)

        for at in (NOON, NOON + HOUR):
            answer = explained(schedule, at, NOON + HOUR)
            assert (answer.outcome, answer.reason) == (Outcome.MISSED, "paused")
            assert answer.words == f"It did not run; it was {WORDS}"

    def test_one_that_had_come_due_before_and_was_not_fired_names_it_too(self, schedule: Schedule) -> None:
        make_hold(schedule.agent, NOON + MINUTE, until_at=NOON + 2.5 * HOUR)

        fire(NOON + 2 * MINUTE, 10)

        assert WORDS in explained(schedule, NOON, NOON + HOUR).words

    def test_the_run_that_a_hold_found_waiting_names_it(self, schedule: Schedule) -> None:
        fire(NOON, 10)
        make_hold(schedule.agent, NOON + MINUTE, until_at=NOON + 2.5 * HOUR)
        discard_held(NOON + 2 * MINUTE)

        answer = explained(schedule, NOON, NOON + HOUR)

        assert (answer.outcome, answer.reason) == (Outcome.RAN, "schedule_inactive")
        assert answer.words.endswith(f"schedule_inactive; it was {WORDS}")

    def test_one_to_come_says_until_when_it_is_missed(self, schedule: Schedule, hold: Hold) -> None:
        under, after = (explained(schedule, NOON + hours * HOUR, NOON + MINUTE) for hours in (2, 3))

        assert (under.outcome, after.outcome) == (Outcome.TO_COME, Outcome.TO_COME)
        assert under.words.endswith(f"; {WORDS}: it is missed unless that is lifted before")
        assert after.words.endswith("is still to come")

    def test_a_hold_of_another_time_or_agent_is_not_named(self, schedule: Schedule) -> None:
        make_hold(schedule.agent, NOON - HOUR, ended_at=NOON - MINUTE)
        editing.update(schedule.id, {"is_active": False}, "apk_x", NOON + MINUTE)

        assert "held" not in explained(schedule, NOON, NOON + HOUR).words

    def test_its_own_pause_has_note_and_end(self, schedule: Schedule) -> None:
        editing.pause(schedule.id, "user_anna", NOON - MINUTE, note="Too loud", until=NOON + 9 * HOUR)

        answer = explained(schedule, NOON, NOON + HOUR)

        assert answer.outcome == Outcome.NOT_ACTIVE
        assert "'Too loud', until 2026-06-01 21:00:00 UTC" in answer.words


def problems(now: datetime) -> list[str]:
    """What the audit finds of pauses."""
    return [str(each) for each in audit(now).findings if each.problem is Problem.PAUSES]


class TestAudit:
    def test_what_holds_do_is_clean_and_every_instant_is_accounted_for(
        self, schedule: Schedule, hold: Hold
    ) -> None:
        for minutes in range(0, 301, 15):
            fire(NOON + minutes * MINUTE, 10)

        result = audit(NOON + 5 * HOUR + MINUTE)

        assert (result.expected_count, result.accounted_count) == (6, 6)
        assert problems(NOON + 5 * HOUR + MINUTE) == []

    def test_a_run_that_started_under_a_hold_is_found(self, schedule: Schedule) -> None:
        fire(NOON, 10)
        Run.objects.update(id=str(ULID.from_datetime(NOON)), state="succeeded", started_at=NOON + 5 * MINUTE)

        make_hold(schedule.agent, NOON + MINUTE)

        assert len(problems(NOON + HOUR)) == 1
        assert "started while it was held: agent digest" in problems(NOON + HOUR)[0]

    def test_a_run_that_started_before_is_not(self, schedule: Schedule) -> None:
        fire(NOON, 10)
        Run.objects.update(
            id=str(ULID.from_datetime(NOON)), state="succeeded", started_at=NOON + timedelta(seconds=1)
        )
        make_hold(schedule.agent, NOON + MINUTE)

        assert problems(NOON + HOUR) == []

    def test_a_fire_time_that_nothing_paused_is_found(self, schedule: Schedule) -> None:
        fire(NOON + HOUR, 10)
        assert problems(NOON + HOUR + MINUTE) == []

        MissedFiring.objects.update(reason="paused")

        assert len(problems(NOON + HOUR + MINUTE)) == 1
        assert "nothing held it" in problems(NOON + HOUR + MINUTE)[0]


def test_a_schedule_deleted_while_the_clock_has_stepped_back_keeps_what_the_hold_made_it_miss() -> None:
    schedule = make_schedule(type="cron", expression="0 0 * * * *")
    make_hold(schedule.agent, NOON + timedelta(minutes=30))
    fire(NOON + timedelta(hours=1), 10)
    assert MissedFiring.objects.get().last_fire_time == NOON + timedelta(hours=1)

    editing.delete(schedule.id, "user_anna", NOON + timedelta(hours=1) - timedelta(milliseconds=10))

    assert audit(NOON + timedelta(hours=2)).findings == []


def test_a_hold_lifted_while_the_clock_has_stepped_back_ends_after_what_it_has_stopped() -> None:
    schedule = make_schedule(type="cron", expression="0 0 * * * *")
    make_hold(schedule.agent, NOON + timedelta(minutes=30))
    fire(NOON + timedelta(hours=1), 10)
    stepped_back = NOON + timedelta(hours=1) - timedelta(milliseconds=10)

    holds.release(Reach.of_agent(schedule.agent), now=stepped_back)

    run = make_run(schedule, trigger="manual", fire_time=None)
    Run.objects.filter(id=run.id).update(
        state="succeeded", started_at=stepped_back + timedelta(milliseconds=5)
    )
    assert Hold.objects.get().ended_at == NOON + timedelta(hours=1)
    assert problems(NOON + timedelta(hours=1, minutes=1)) == []
    fire(NOON + timedelta(hours=2), 10)
    assert Run.objects.filter(fire_time=NOON + timedelta(hours=2)).exists()
