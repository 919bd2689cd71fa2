"""One attempt, from the claim to the record, against a real agent server."""

from datetime import timedelta

import pytest

from schedules import agents, editing
from schedules.database.clock import database_now
from schedules.models import Agent, Run, RunState, Schedule
from tests.agent_server import AgentServer, Behaviour
from tests.factories import make_agent
from tests.workers.attempts import executed, pending_run, posts

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_reaches_its_agent_and_keeps_the_answer(server: AgentServer, agent: Agent) -> None:
    agents.set_credential(agent, "Bearer agent-key")
    agents.add_version(agent, "v2")
    run = pending_run(
        agent,
        agent_tag="v2",
        payload={
            "input": "Hello {{name}}",
            "variables": {"name": {"secret": True, "value": "Ada Lovelace"}},
            "metadata": {"n": 1},
            "memory_entity_id": "m-1",
        },
    )

    done = executed(run)

    assert (done.state, done.attempt, done.error_code) == (RunState.SUCCEEDED, 1, "")
    assert done.response_id
    assert "Ada" not in repr(Run.objects.values().get())
    (call,) = posts(server)
    assert call["body"]["model"] == "agent/digest@v2"
    assert call["body"]["variables"] == {"name": {"secret": True, "value": "Ada Lovelace"}}
    assert (call["body"]["metadata"], call["body"]["memory"]) == ({"n": "1"}, {"entity_id": "m-1"})
    headers = call["headers"]
    assert (headers["idempotency-key"], headers["x-run-attempt"]) == (run.id, "1")
    assert headers["authorization"] == "Bearer agent-key"


def test_a_failed_attempt_is_made_again_with_the_same_key_and_body(server: AgentServer, agent: Agent) -> None:
    server.script("digest", Behaviour(status=503), Behaviour())
    run = pending_run(agent, payload={"input": "one"})

    waiting = executed(run)
    editing.update(run.schedule_id, {"payload": {"input": "two"}}, "apk_x", database_now())
    Run.objects.update(not_before=database_now())
    done = executed(run)

    assert (waiting.state, waiting.error_code) == (RunState.PENDING, "agent_http_error")
    assert (done.state, done.attempt) == (RunState.SUCCEEDED, 2)
    first, second = posts(server)
    assert first["body"] == second["body"]
    assert first["headers"]["idempotency-key"] == second["headers"]["idempotency-key"] == run.id
    assert second["headers"]["x-run-attempt"] == "2"


def test_a_client_error_of_the_agent_is_final(server: AgentServer, agent: Agent) -> None:
    server.script("digest", Behaviour(status=404))

    done = executed(pending_run(agent))

    assert (done.state, done.attempt, len(posts(server))) == (RunState.FAILED, 1, 1)


def test_an_agent_that_is_silent_is_called_once_however_many_attempts_there_are(
    server: AgentServer, agent: Agent
) -> None:
    """It may still be at work, and every further call would be paid for as well."""
    Agent.objects.update(max_attempts=3, read_timeout=timedelta(seconds=0.4))
    server.script("digest", Behaviour(delay=30))

    done = executed(pending_run(agent))
    Run.objects.update(not_before=database_now())
    again = executed(done)

    assert (done.state, done.reason, done.error_code) == (RunState.FAILED, "agent_timeout", "agent_timeout")
    assert (done.attempt, done.max_attempts) == (1, 3)
    assert again.state == RunState.FAILED
    assert len(posts(server)) == 1


def test_an_agent_that_asks_for_two_hours_is_left_alone_for_two_hours(
    server: AgentServer, agent: Agent
) -> None:
    server.script("digest", Behaviour(status=429, headers={"Retry-After": "7200"}), Behaviour())
    before = database_now()

    waiting = executed(pending_run(agent))
    early = executed(waiting)

    assert (waiting.state, waiting.error_code) == (RunState.PENDING, "agent_http_error")
    two_hours = timedelta(hours=2)
    assert before + two_hours <= waiting.not_before <= database_now() + two_hours
    assert (early.state, len(posts(server))) == (RunState.PENDING, 1)


def test_an_agent_that_says_it_failed_has_failed_with_its_error(server: AgentServer, agent: Agent) -> None:
    server.script(
        "digest", Behaviour(outcome="failed", error={"code": "no_quota", "message": "Budget used up"})
    )

    done = executed(pending_run(agent))

    assert (done.state, done.error_code) == (RunState.FAILED, "agent_failed")
    assert "Budget used up" in done.error_message


def test_a_run_that_may_not_start_reaches_nobody(server: AgentServer, agent: Agent) -> None:
    run = pending_run(agent)
    editing.update(run.schedule_id, {"expression": "0 0 10 * * *"}, "apk_x", database_now())

    done = executed(run)

    assert (done.state, done.reason) == (RunState.DISCARDED, "stale_generation")
    assert posts(server) == []


def test_an_error_that_repeats_a_secret_is_kept_without_it(server: AgentServer, agent: Agent) -> None:
    server.script("digest", Behaviour(outcome="failed", error={"code": "x", "message": "no key s3cr3t here"}))
    run = pending_run(
        agent, payload={"input": "Hi", "variables": {"key": {"secret": True, "value": "s3cr3t"}}}
    )

    done = executed(run)

    assert done.state == RunState.FAILED
    assert "s3cr3t" not in done.error_message


def test_a_secret_no_key_opens_fails_the_run_and_calls_nobody(server: AgentServer, agent: Agent) -> None:
    run = pending_run(
        agent, payload={"input": "Hi", "variables": {"key": {"secret": True, "value": "s3cr3t"}}}
    )
    sealed = {"variables": {"key": {"secret": True, "sealed": "gAAAAA-broken"}}}
    Schedule.objects.update(payload=sealed)

    done = executed(run)

    assert (done.state, done.error_code) == (RunState.FAILED, "secret_unreadable")
    assert posts(server) == []


def test_a_schedule_that_no_longer_fits_its_agent_fails_as_such_and_calls_nobody(
    server: AgentServer, picky: str
) -> None:
    agent = make_agent(runtime=picky, base_url=server.url, path="/loose")
    run = pending_run(agent, payload={"input": "Hi", "metadata": {"a": "b"}})
    agents.update(agent.id, {"dialect": "strict"}, may_change_origin=True)

    done = executed(run)

    assert (done.state, done.error_code, done.attempt) == (RunState.FAILED, "invalid_endpoint", 1)
    assert done.error_message == "this agent takes no metadata"
    assert posts(server) == []


def test_a_runtime_that_this_process_lacks_fails_the_run_with_its_name(agent: Agent) -> None:
    Agent.objects.update(runtime="elsewhere")

    done = executed(pending_run(agent))

    assert (done.state, done.error_code) == (RunState.FAILED, "invalid_endpoint")
    assert "elsewhere" in done.error_message


def test_a_stored_payload_without_an_input_goes_on(server: AgentServer, agent: Agent) -> None:
    run = pending_run(agent)
    Schedule.objects.update(payload={"metadata": {"a": "b"}})

    assert executed(run).state == RunState.SUCCEEDED
