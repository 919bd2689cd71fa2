"""What came of an attempt is recorded, whatever stands in the way."""

from typing import Any

import pytest
from django.db import InterfaceError, InternalError, OperationalError, ProgrammingError

from schedules.models import Agent, RunState, Schedule
from schedules.runs import finishing
from schedules.secrets.masking import MASK
from tests.agent_server import AgentServer, Behaviour
from tests.workers.attempts import executed, pending_run, posts
from workers import execution

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_answer_that_grows_by_masking_is_still_recorded(server: AgentServer, agent: Agent) -> None:
    telemetry = {"trace_id": "00aa1" * 12, "span_id": "1" * 16}
    server.script("digest", Behaviour(merge={"telemetry": telemetry}))

    variables = {"pin": {"secret": True, "value": "00aa"}}

    done = executed(pending_run(agent, payload={"input": "Hi", "variables": variables}))

    assert (done.state, len(posts(server))) == (RunState.SUCCEEDED, 1)
    assert done.agent_trace_id == (f"{MASK}1" * 12)[:64]


def test_an_outcome_that_cannot_be_recorded_fails_the_run_and_calls_nobody_again(
    server: AgentServer, agent: Agent
) -> None:
    run = pending_run(agent)
    Schedule.objects.update(payload={"input": "Hi", "variables": {"key": {"secret": True}}})

    done = executed(run)

    assert (done.state, done.error_code) == (RunState.FAILED, "internal_error")
    assert posts(server) == []


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, InternalError, ProgrammingError])
def test_an_answer_is_offered_until_the_database_takes_it(
    server: AgentServer, agent: Agent, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """A database that is away, read-only, being migrated, or lacks a right for a while."""
    run = pending_run(agent)
    succeed, offers = finishing.succeed, []

    def not_yet(*values: Any, **outcome: Any) -> bool:
        offers.append(values)
        if len(offers) <= 6:
            raise error
        return succeed(*values, **outcome)

    monkeypatch.setattr(finishing, "succeed", not_yet)
    monkeypatch.setattr(execution, "LONGEST_PAUSE_SECONDS", 0.01)
    done = executed(run)

    assert (done.state, done.attempt, len(offers)) == (RunState.SUCCEEDED, 1, 7)
    assert len(posts(server)) == 1
