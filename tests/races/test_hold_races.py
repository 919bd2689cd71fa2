"""Holds beside what they stop, each in a database session of its own: who is late goes by what is true then."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from schedules import editing, holds
from schedules.database.clock import database_now
from schedules.firing.due import fire_due
from schedules.holds import Reach
from schedules.models import Hold, JournalEntry, MissedFiring, Run, RunState
from schedules.runs import claim_postgresql, claiming
from schedules.runs.claiming import NotClaimed
from tests.factories import NOON, make_due_schedule, make_hold, make_run, make_schedule
from tests.races.threads import Result, at_once, elsewhere, open_transaction, wait_until_blocked

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,
    pytest.mark.usefixtures("valkey"),
]

LEASE = timedelta(seconds=60)
MINUTE = timedelta(minutes=1)


def after_a_wait(
    first: Callable[[], object], call: Callable[[], Result], meanwhile: Callable[[], object] = lambda: None
) -> tuple[Result, datetime]:
    """What comes of the call that has to wait for the first, and a moment at which it waited."""
    may_begin = threading.Event()

    def call_then() -> Result:
        assert may_begin.wait(timeout=10)
        return call()

    with elsewhere(call_then) as outcome:
        with open_transaction(first):
            may_begin.set()
            wait_until_blocked()
            meanwhile()
            waited_at = database_now()
        return outcome.result(timeout=10), waited_at


def test_whoever_lifts_a_hold_waits_for_the_beat_that_goes_by_it() -> None:
    """So the end is later than each fire time that was missed because of the hold."""
    schedule = make_due_schedule(due_at=database_now().replace(microsecond=0))
    make_hold(schedule.agent, database_now() - MINUTE)

    lifted, waited_at = after_a_wait(
        lambda: fire_due(database_now(), 10), lambda: holds.release(Reach.of_agent(schedule.agent))
    )

    assert MissedFiring.objects.get().reason == "paused"
    assert lifted is not None
    assert lifted.ended_at is not None
    assert lifted.ended_at > waited_at


def test_a_claim_that_has_waited_for_long_looks_for_holds_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(make_schedule())
    monkeypatch.setattr(claim_postgresql, "MOST_PATIENCE", timedelta(0))

    outcome, _ = after_a_wait(
        lambda: editing.locked(run.schedule_id),
        lambda: claiming.claim(run.id, run.generation, "worker", NOON, LEASE),
        meanwhile=lambda: make_hold(run.schedule.agent),
    )

    assert outcome is NotClaimed.DISCARDED
    assert Run.objects.get().state == RunState.DISCARDED


def test_of_two_people_who_hold_an_agent_at_once_one_makes_the_hold() -> None:
    agent = make_schedule().agent
    reach = Reach.of_agent(agent)

    made = at_once([lambda: holds.hold(reach, "a", note="a"), lambda: holds.hold(reach, "b", note="b")])

    assert {hold.id for hold in made} == {Hold.objects.get().id}
    assert JournalEntry.objects.filter(verb="hold").count() == 2
    assert Hold.objects.get().note in ("a", "b")
