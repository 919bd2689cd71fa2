"""Whoever frees a slot rings for those who wait, after the commit."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction

from schedules.limits import saturation
from schedules.models import Agent
from schedules.runs import claiming, finishing, ringing, transitions
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import NotClaimed
from tests.factories import NOON, make_agent, make_run, make_schedule
from workers.runtimes.base import CallFailed

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=15)


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Each ring of this process."""
    monkeypatch.setattr(saturation, "_crowded_at", 0.0)
    heard: list[str] = []
    ringing.ring_by(lambda _: heard.append("ring"))
    yield heard
    ringing.ring_by(None)


def running(agent: Agent) -> Claimed:
    claimed = claiming.claim(make_run(make_schedule(agent)).id, 1, "worker", NOON, LEASE)
    assert isinstance(claimed, Claimed)
    return claimed


def test_a_success_rings_for_a_waiting_run_of_its_agent(rings: list[str]) -> None:
    agent = make_agent()
    claimed = running(agent)
    make_run(make_schedule(agent))

    assert finishing.succeed(claimed.run_id, 1, NOON)

    assert rings == ["ring"]


def test_a_success_does_not_ring_where_nobody_waits(rings: list[str]) -> None:
    agent = make_agent()
    claimed = running(agent)
    make_run(make_schedule(agent), redispatch_at=NOON + timedelta(seconds=4))
    make_run(make_schedule())

    assert finishing.succeed(claimed.run_id, 1, NOON)

    assert rings == []


def test_a_success_that_comes_too_late_does_not_ring(rings: list[str]) -> None:
    agent = make_agent()
    claimed = running(agent)
    make_run(make_schedule(agent))

    assert not finishing.succeed(claimed.run_id, 2, NOON)

    assert rings == []


def test_while_a_workspace_is_full_every_success_rings(rings: list[str]) -> None:
    """Runs of other agents may wait for the slot."""
    agent = make_agent(max_in_flight=0)
    agent.workspace.max_in_flight = 1
    agent.workspace.save()
    claimed = running(agent)
    other = make_run(make_schedule(make_agent(agent.workspace, "other", max_in_flight=0)))
    assert claiming.claim(other.id, 1, "worker", NOON, LEASE) is NotClaimed.SATURATED
    rings.clear()

    assert finishing.succeed(claimed.run_id, 1, NOON)

    assert rings == ["ring"]


@pytest.mark.parametrize("is_retryable", [True, False])
def test_a_failure_rings(rings: list[str], is_retryable: bool) -> None:
    claimed = running(make_agent())

    finishing.fail(claimed, CallFailed("broken", "It broke", is_retryable=is_retryable), NOON)

    assert rings == ["ring"]


def test_a_cancellation_rings(rings: list[str]) -> None:
    claimed = running(make_agent())

    assert transitions.cancel(claimed.run_id, NOON)
    assert rings == ["ring"]

    assert not transitions.cancel(claimed.run_id, NOON)
    assert rings == ["ring"], "it frees nothing"


def test_a_refused_run_rings_itself(rings: list[str]) -> None:
    """A call may have ended after the claim counted, and before the run was seen to wait."""
    agent = make_agent(max_in_flight=1)
    running(agent)

    claiming.claim(make_run(make_schedule(agent)).id, 1, "worker", NOON, LEASE)

    assert rings == ["ring"]


def test_nobody_is_rung_for_before_the_commit(rings: list[str]) -> None:
    claimed = running(make_agent())

    with transaction.atomic():
        transitions.cancel(claimed.run_id, NOON)
        assert rings == []

    assert rings == ["ring"]
