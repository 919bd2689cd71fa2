"""Under a hold no run starts and none is asked for; what waited is discarded, what runs finishes."""

from datetime import timedelta

import pytest

from schedules import holds, pausing
from schedules.errors import ScheduleInactive
from schedules.holds import Reach
from schedules.models import DiscardReason, Hold, JournalEntry, Run, RunState, Schedule
from schedules.runs import claim_postgresql, claiming, finishing
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import NotClaimed
from schedules.runs.held import discard_held
from schedules.triggering import postgresql, run_now
from tests.factories import NOON, make_agent, make_hold, make_run, make_schedule, make_workspace

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

MINUTE = timedelta(minutes=1)
LEASE = timedelta(seconds=60)


@pytest.fixture
def schedule() -> Schedule:
    """An active one."""
    return make_schedule(now=NOON - timedelta(hours=1))


def claim(run: Run) -> Claimed | NotClaimed:
    """As a worker does, a minute after NOON."""
    return claiming.claim(run.id, run.generation, "worker", NOON + MINUTE, LEASE)


def state_of(run: Run) -> tuple[str, str]:
    """Its state, and why."""
    run.refresh_from_db()
    return run.state, run.reason


DISCARDED = (RunState.DISCARDED, DiscardReason.SCHEDULE_INACTIVE)


@pytest.mark.parametrize("scope", ["agent", "workspace", "everything"])
def test_a_claim_discards_what_is_held(schedule: Schedule, scope: str) -> None:
    run = make_run(schedule)
    make_hold({"agent": schedule.agent, "workspace": schedule.workspace, "everything": None}[scope])

    assert claim(run) == NotClaimed.DISCARDED

    assert state_of(run) == DISCARDED


def test_a_hold_of_others_stops_no_claim(schedule: Schedule) -> None:
    run = make_run(schedule)
    make_hold(make_agent(schedule.workspace, "other"))
    make_hold(make_workspace())

    assert isinstance(claim(run), Claimed)


def test_a_hold_that_is_over_stops_no_claim_of_what_came_later(schedule: Schedule) -> None:
    make_hold(schedule.agent, began_at=NOON - MINUTE, until_at=NOON)
    make_hold(schedule.workspace, began_at=NOON - MINUTE, ended_at=NOON)

    assert isinstance(claim(make_run(schedule)), Claimed)


@pytest.mark.postgresql
def test_a_hold_that_is_over_costs_nobody_the_one_statement(schedule: Schedule) -> None:
    """What that refuses the portable way judges anew, and allows: right, but several statements slower."""
    make_hold(schedule.agent, began_at=NOON - MINUTE, until_at=NOON)
    run = make_run(schedule)

    claimed = claim_postgresql.start(run.id, run.generation, "worker", NOON + MINUTE, LEASE)
    added = postgresql.add(schedule.id, MINUTE, None)

    assert isinstance(claimed, Claimed)
    assert added is not None


@pytest.mark.parametrize("end", [{"ended_at": NOON + MINUTE / 2}, {"until_at": NOON + MINUTE / 2}])
def test_what_a_hold_found_waiting_never_starts_although_it_has_ended(
    schedule: Schedule, end: dict[str, object]
) -> None:
    run = make_run(schedule)
    make_hold(schedule.agent, began_at=NOON + MINUTE / 4, **end)

    assert claim(run) == NotClaimed.DISCARDED
    assert state_of(run) == DISCARDED


def test_a_running_one_finishes(schedule: Schedule) -> None:
    claimed = claim(make_run(schedule))
    assert isinstance(claimed, Claimed)
    make_hold(schedule.agent)
    discard_held(NOON + 2 * MINUTE)

    finishing.succeed(claimed.run_id, claimed.attempt, NOON + 2 * MINUTE)

    assert Run.objects.get().state == RunState.SUCCEEDED


@pytest.mark.parametrize("owner", ["agent", "workspace", "everything"])
def test_nobody_runs_now_what_is_held(schedule: Schedule, owner: str) -> None:
    make_hold({"agent": schedule.agent, "workspace": schedule.workspace, "everything": None}[owner])

    with pytest.raises(ScheduleInactive):
        run_now.trigger(schedule.id)

    assert not Run.objects.exists()


def test_nobody_runs_again_what_is_held(schedule: Schedule) -> None:
    ended = make_run(schedule, state=RunState.FAILED)
    make_hold(schedule.agent)

    with pytest.raises(ScheduleInactive):
        run_now.run_again(ended.id, NOON + MINUTE)


def test_run_now_goes_on_when_it_is_lifted(schedule: Schedule) -> None:
    hold = make_hold(schedule.agent)
    holds.release(Reach.of_agent(schedule.agent))

    run = run_now.trigger(schedule.id)

    hold.refresh_from_db()
    assert hold.ended_at is not None
    assert isinstance(claiming.claim(run.id, 1, "worker", run.not_before, LEASE), Claimed)


class TestBeats:
    def test_they_discard_what_waits_and_nothing_else(self, schedule: Schedule) -> None:
        other = make_schedule(make_agent(schedule.workspace, "other"))
        held, theirs, running = make_run(schedule), make_run(other), make_run(schedule)
        claiming.claim(running.id, 1, "worker", NOON + MINUTE, LEASE)
        make_hold(schedule.agent)

        assert discard_held(NOON + MINUTE) == 1

        assert state_of(held) == DISCARDED
        assert state_of(theirs) == (RunState.PENDING, "")
        assert state_of(running) == (RunState.RUNNING, "")

    def test_after_the_end_they_discard_what_it_had_found_and_look_at_it_no_more(
        self, schedule: Schedule
    ) -> None:
        before, after = make_run(schedule), make_run(schedule, created_at=NOON + 2 * MINUTE)
        hold = make_hold(schedule.agent, began_at=NOON + MINUTE, ended_at=NOON + MINUTE * 3 / 2)

        discard_held(NOON + 3 * MINUTE)

        assert state_of(before) == DISCARDED
        assert state_of(after) == (RunState.PENDING, "")
        hold.refresh_from_db()
        assert not hold.is_watched

    def test_a_hold_in_force_is_watched_though_nothing_waits(self, schedule: Schedule) -> None:
        make_hold(schedule.agent)

        discard_held(NOON + MINUTE)

        assert Hold.objects.get().is_watched

    def test_one_whose_time_is_over_ends_then_and_by_the_service(self, schedule: Schedule) -> None:
        make_hold(schedule.agent, until_at=NOON + MINUTE)

        pausing.attend(NOON + 5 * MINUTE)

        assert Hold.objects.get().ended_at == NOON + MINUTE
        line = JournalEntry.objects.latest("id")
        assert (line.verb, line.object_type, line.actor_kind) == ("release", "hold", "service")
