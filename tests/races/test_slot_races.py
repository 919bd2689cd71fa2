"""Whatever claims at once: never more calls in flight than an agent, or a workspace, may have."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from schedules.database.clock import database_now
from schedules.models import Agent, Run, RunState
from schedules.runs import claiming, finishing
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import NotClaimed
from tests.factories import make_agent, make_run, make_schedule, make_workspace
from tests.races.threads import at_once, elsewhere, open_transaction, wait_until_blocked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

LEASE = timedelta(seconds=15)
CLAIMERS = 8


def runs_of(agent: Agent, count: int) -> list[str]:
    """Due runs, each of a schedule of its own: no lock of a schedule keeps their claims apart."""
    return [make_run(make_schedule(agent)).id for _ in range(count)]


def agent_of(limit: int, workspace_limit: int) -> Agent:
    workspace = make_workspace()
    workspace.max_in_flight = workspace_limit
    workspace.save()
    return make_agent(workspace, max_in_flight=limit)


def claim(run_id: str) -> Claimed | NotClaimed:
    return claiming.claim(run_id, 1, "worker", None, LEASE)


def claim_all(run_ids: list[str]) -> None:
    for run_id in run_ids:
        claim(run_id)


def in_flight() -> int:
    return Run.objects.filter(state=RunState.RUNNING, lease_expires_at__gt=database_now()).count()


@pytest.mark.parametrize(("limit", "workspace_limit"), [(5, 0), (0, 5), (30, 0), (0, 30), (30, 25), (25, 30)])
def test_claims_at_once_fill_the_slots_and_no_more(limit: int, workspace_limit: int) -> None:
    agent = agent_of(limit, workspace_limit)
    most = min(filter(None, (limit, workspace_limit)))
    runs = runs_of(agent, most + 16)
    shares = [runs[number::CLAIMERS] for number in range(CLAIMERS)]

    at_once([partial(claim_all, share) for share in shares])

    assert in_flight() == most


@pytest.mark.parametrize("limit", [4, 20])
def test_while_calls_end_and_others_begin_there_are_never_more(limit: int) -> None:
    """Each claimer ends what it has started and goes on; an observer counts all the while."""
    agent = agent_of(limit, 0)
    runs = runs_of(agent, 240)
    is_over = threading.Event()

    def observe() -> int:
        most = 0
        while not is_over.is_set():
            most = max(most, in_flight())
        return most

    def work(mine: list[str]) -> int:
        started: list[str] = []
        for run_id in mine:
            if isinstance(claim(run_id), Claimed):
                started.append(run_id)
            if len(started) > 4:
                finishing.succeed(started.pop(0), 1, None)
        return len(started)

    with elsewhere(observe) as observed:
        at_once([partial(work, runs[number::CLAIMERS]) for number in range(CLAIMERS)])
        is_over.set()

    assert 1 < observed.result() <= limit
    assert in_flight() <= limit


def test_a_claim_that_is_not_committed_yet_counts() -> None:
    """Near the limit a claim waits for the one before it, and then finds no slot."""
    agent = agent_of(1, 0)
    first, second = runs_of(agent, 2)

    with elsewhere(_waits_for(lambda: claim(second))) as outcome:
        with open_transaction(lambda: claim(first)):
            _go.set()
            wait_until_blocked()
            assert not outcome.done()
        assert outcome.result(timeout=10) is NotClaimed.SATURATED

    assert in_flight() == 1


def test_claims_far_from_the_limit_do_not_wait_for_each_other() -> None:
    agent = agent_of(100, 100)
    first, second = runs_of(agent, 2)

    with open_transaction(lambda: claim(first)), elsewhere(lambda: claim(second)) as outcome:
        assert isinstance(outcome.result(timeout=10), Claimed)


def test_where_as_many_claims_as_may_be_are_uncounted_the_next_waits_for_them() -> None:
    agent = agent_of(100, 100)
    (run_id,) = runs_of(agent, 1)

    with elsewhere(_waits_for(lambda: claim(run_id))) as outcome:
        with open_transaction(lambda: take_all_turns(agent)):
            _go.set()
            wait_until_blocked()
            assert not outcome.done()
        assert isinstance(outcome.result(timeout=10), Claimed)


def take_all_turns(agent: Agent) -> None:
    """What sixteen claims of the workspace hold until they have committed."""
    with connection.cursor() as cursor:
        values = {"workspace": str(agent.workspace_id)}
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%(workspace)s, 22))", values)
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%(workspace)s), turn) FROM generate_series(0, 15) AS turn",
            values,
        )


_go = threading.Event()


def _waits_for(call: Callable[[], Claimed | NotClaimed]) -> Callable[[], Claimed | NotClaimed]:
    _go.clear()

    def then() -> Claimed | NotClaimed:
        assert _go.wait(timeout=10)
        return call()

    return then
