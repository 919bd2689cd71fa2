"""A worker that is asked to end: its calls may go on for a while, then they are handed back."""

import pytest

from schedules.models import Agent, Run, RunState
from schedules.runs.attempts import attempts_of
from tests.agent_server import AgentServer, Behaviour, long_id
from tests.workers.attempts import executed, pending_run, posts
from workers import execution
from workers.stopping import HAND_BACK_SECONDS, Stop

pytestmark = pytest.mark.django_db(transaction=True)

LONG = Behaviour(delay=30)
WORKING = Behaviour(outcome="in_progress")


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch) -> Stop:
    """The stop of this test's worker."""
    stop = Stop()
    monkeypatch.setattr(execution, "stop", stop)
    return stop


def test_nobody_is_in_a_hurry_before_the_process_is_asked_to_end() -> None:
    assert not Stop().is_due()


def test_calls_have_the_time_but_for_what_handing_back_takes() -> None:
    patient, hasty = Stop(), Stop()

    patient.begin(HAND_BACK_SECONDS + 60)
    hasty.begin(HAND_BACK_SECONDS)

    assert (patient.is_due(), hasty.is_due()) == (False, True)


def test_asking_again_changes_nothing() -> None:
    stop = Stop()
    stop.begin(0)

    stop.begin(60)

    assert stop.is_due()


def test_a_call_that_ends_in_time_is_not_disturbed(server: AgentServer, agent: Agent, stop: Stop) -> None:
    server.script("digest", Behaviour(delay=1))
    stop.begin(HAND_BACK_SECONDS + 30)

    done = executed(pending_run(agent))

    assert (done.state, done.attempt) == (RunState.SUCCEEDED, 1)


def test_a_call_that_does_not_is_handed_back_and_made_again_under_its_key(
    server: AgentServer, agent: Agent, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script("digest", LONG, Behaviour())
    stop.begin(HAND_BACK_SECONDS + 1)

    waiting = executed(pending_run(agent))
    monkeypatch.setattr(execution, "stop", Stop())
    done = executed(waiting)

    assert (waiting.state, waiting.attempt, waiting.max_attempts) == (
        RunState.PENDING,
        2,
        agent.max_attempts + 1,
    )
    assert [each.outcome for each in attempts_of(done)] == ["stopped", "succeeded"]
    first, second = posts(server)
    assert first["headers"]["idempotency-key"] == second["headers"]["idempotency-key"]
    assert (done.state, second["headers"]["x-run-attempt"]) == (RunState.SUCCEEDED, "2")


def test_work_in_the_background_is_asked_for_and_not_begun_again(
    server: AgentServer, agent: Agent, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    Agent.objects.update(background=True)
    server.script("digest", Behaviour(outcome="queued", polls=(WORKING,) * 2))
    stop.begin(HAND_BACK_SECONDS + 1)

    waiting = executed(pending_run(agent))
    monkeypatch.setattr(execution, "stop", Stop())
    done = executed(waiting)

    [post] = posts(server)
    name = long_id(post["headers"]["idempotency-key"])
    assert (waiting.state, waiting.response_id) == (RunState.PENDING, name)
    assert (done.state, done.attempt, done.response_id) == (RunState.SUCCEEDED, 2, name)


def test_no_call_begins_once_they_are_handed_back(server: AgentServer, agent: Agent, stop: Stop) -> None:
    stop.begin(0)

    left = executed(pending_run(agent))

    assert (left.state, left.attempt, posts(server)) == (RunState.PENDING, 1, [])
    assert Run.objects.get().started_at is None
