"""The a2a runtime at an Agent2Agent server, in both versions."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.agent_server import Behaviour
from tests.workers.runtimes.drivers.a2a import A2aDriver
from tests.workers.runtimes.factories import after, make_call, never, wait_until
from tests.workers.runtimes.test_signing import make_secret
from workers.runtimes import AgentCall, Answer, CallAborted, CallFailed, PayloadRefused, runtime_for

runtime = runtime_for("a2a")

DIALECTS = ("a2a-1.0", "a2a-0.3")

both = pytest.mark.parametrize("dialect", DIALECTS)


@pytest.fixture
def agent() -> Iterator[A2aDriver]:
    with A2aDriver() as driver:
        yield driver


def answer(agent: A2aDriver, call: AgentCall | None = None, **settings: Any) -> Answer:
    return runtime.call(call or make_call(), agent.endpoint(**settings), never)


def failure(agent: A2aDriver, **settings: Any) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        answer(agent, **settings)
    return failed.value


def working(*polls: Behaviour) -> Behaviour:
    return Behaviour(outcome="working", polls=polls)


def test_a_message_of_version_1_0_is_sent(agent: A2aDriver) -> None:
    call = make_call(metadata={"team": "a", "n": 3}, memory_entity_id="ctx-1", idempotency_key="key-1")

    answer(agent, call)

    request = agent.calls()[0]
    assert request["headers"]["a2a-version"] == "1.0"
    assert request["body"] == {
        "jsonrpc": "2.0",
        "id": "1",
        "method": "SendMessage",
        "params": {
            "message": {
                "messageId": "key-1",
                "role": "ROLE_USER",
                "parts": [{"text": "Good morning, Ada"}],
                "contextId": "ctx-1",
                "metadata": {"team": "a", "n": 3},
            },
            "configuration": {"returnImmediately": False},
        },
    }


def test_a_message_of_version_0_3_is_sent_in_its_words(agent: A2aDriver) -> None:
    answer(agent, make_call(idempotency_key="key-1"), dialect="a2a-0.3", background=True)

    request = agent.calls()[0]
    assert "a2a-version" not in request["headers"]
    assert request["body"]["method"] == "message/send"
    assert request["body"]["params"] == {
        "message": {
            "kind": "message",
            "messageId": "key-1",
            "role": "user",
            "parts": [{"kind": "text", "text": "Good morning, Ada"}],
        },
        "configuration": {"blocking": False},
    }


def test_version_1_0_is_spoken_unless_the_agent_says_otherwise() -> None:
    assert runtime.needs.dialect_for("/a2a/any") == "a2a-1.0"


def test_the_agents_settings_are_sent(agent: A2aDriver) -> None:
    extra = {"tenant": "t", "configuration": {"acceptedOutputModes": ["text/plain"]}, "message": "theirs"}

    answer(agent, background=True, extra_body=extra)

    params = agent.calls()[0]["body"]["params"]
    assert params["tenant"] == "t"
    assert params["configuration"] == {"acceptedOutputModes": ["text/plain"], "returnImmediately": True}
    assert params["message"]["parts"] == [{"text": "Good morning, Ada"}]


@both
def test_a_task_at_work_is_asked_for_until_it_is_done(agent: A2aDriver, dialect: str) -> None:
    agent.script(working(Behaviour(outcome="submitted"), Behaviour(status=503), Behaviour()))

    given = answer(agent, dialect=dialect)

    assert given.output_text == "Good morning, Ada"
    assert len(agent.polls()) == 3
    assert agent.polls()[0]["body"]["params"] == {"id": given.response_id, "historyLength": 1}
    assert agent.cancellations() == []


def test_only_the_message_carries_the_key_and_the_signature(agent: A2aDriver) -> None:
    agent.script(working())

    answer(agent, make_call(trace_headers={"traceparent": "00-1-2-01"}), signing_secrets=(make_secret(),))

    [message], [poll] = agent.calls(), agent.polls()
    assert {"idempotency-key", "x-run-attempt", "webhook-id", "webhook-signature"} <= set(message["headers"])
    assert not {"idempotency-key", "x-run-attempt", "webhook-id", "webhook-signature"} & set(poll["headers"])
    assert poll["headers"]["a2a-version"] == "1.0"
    assert poll["headers"]["traceparent"] == "00-1-2-01"
    assert poll["headers"]["authorization"]


@both
def test_a_task_that_outlasts_the_call_is_cancelled_once(agent: A2aDriver, dialect: str) -> None:
    agent.script(working(*[Behaviour(outcome="working")] * 10))
    started = time.monotonic()

    failed = failure(agent, dialect=dialect, total=1)

    assert time.monotonic() - started < 2
    assert (failed.code, failed.is_silent) == ("agent_timeout", True)
    assert failed.response_id
    assert [call["body"]["params"] for call in agent.cancellations()] == [{"id": failed.response_id}]


def test_an_aborted_call_cancels_its_task_and_ends_within_a_second(agent: A2aDriver) -> None:
    agent.script(working(*[Behaviour(outcome="working")] * 10))
    started = time.monotonic()

    with pytest.raises(CallAborted):
        runtime.call(make_call(), agent.endpoint(), after(0.7))

    assert time.monotonic() - started < 1.7
    assert len(agent.cancellations()) == 1


@both
def test_a_task_that_is_handed_over_goes_on_and_is_asked_for(agent: A2aDriver, dialect: str) -> None:
    agent.script(working(*[Behaviour(outcome="working")] * 2))
    with pytest.raises(CallAborted) as aborted:
        runtime.call(make_call(is_handed_over=lambda: True), agent.endpoint(dialect=dialect), after(0.7))
    task_id = aborted.value.response_id
    assert task_id

    given = answer(agent, make_call(response_id=task_id), dialect=dialect)

    assert (given.response_id, given.output_text) == (task_id, "Good morning, Ada")
    assert (len(agent.calls()), agent.cancellations()) == (1, [])


def test_a_task_that_was_handed_over_and_is_unknown_is_begun_anew(agent: A2aDriver) -> None:
    given = answer(agent, make_call(response_id="gone"))

    assert given.output_text == "Good morning, Ada"
    assert len(agent.calls()) == 1


def test_an_agent_that_does_not_hear_its_cancellation_delays_nobody(agent: A2aDriver) -> None:
    agent.script(working(Behaviour(fault="hang")))
    started = time.monotonic()

    failed = failure(agent, total=1, read=10)

    assert failed.code == "agent_timeout"
    assert time.monotonic() - started < 2


@both
def test_a_task_not_found_at_once_is_asked_for_again(agent: A2aDriver, dialect: str) -> None:
    missing = '{"jsonrpc": "2.0", "id": "1", "error": {"code": -32001, "message": "Task not found"}}'
    agent.script(working(Behaviour(body=missing), Behaviour()))

    assert answer(agent, dialect=dialect).output_text == "Good morning, Ada"


def test_a_task_that_stays_unknown_is_a_failure(agent: A2aDriver) -> None:
    missing = Behaviour(
        body='{"jsonrpc": "2.0", "id": "1", "error": {"code": -32001, "message": "Task not found"}}'
    )
    agent.script(working(missing, missing))

    failed = failure(agent)

    assert (failed.code, failed.is_retryable) == ("agent_failed", False)
    assert "Task not found" in failed.message


@both
@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("failed", "agent_failed"),
        ("canceled", "agent_failed"),
        ("rejected", "agent_refused"),
        ("input-required", "agent_awaits_input"),
        ("auth-required", "agent_awaits_approval"),
    ],
)
def test_every_other_end_is_told_with_its_words(
    agent: A2aDriver, dialect: str, state: str, code: str
) -> None:
    agent.script(Behaviour(outcome=state, error="Which region?"))

    failed = failure(agent, dialect=dialect)

    assert (failed.code, failed.is_retryable) == (code, False)
    assert failed.message.endswith(": Which region?")
    assert failed.response_id
    assert failed.answer
    assert failed.answer.output_text == "Which region?"
    assert agent.cancellations() == [], "it has ended"


def test_a_question_that_comes_while_it_is_asked_for_ends_the_run(agent: A2aDriver) -> None:
    agent.script(working(Behaviour(outcome="input-required", error="Which region?")))

    assert failure(agent).code == "agent_awaits_input"


def test_a_secret_in_the_agents_words_is_blanked_out(agent: A2aDriver) -> None:
    agent.script(Behaviour(outcome="failed", error="sk-agent-0123456789 is no key"))

    assert "0123456789" not in failure(agent).message


@pytest.mark.parametrize(("dialect", "other"), [DIALECTS, DIALECTS[::-1]])
def test_an_agent_of_the_other_version_is_named_as_such(agent: A2aDriver, dialect: str, other: str) -> None:
    code = -32601 if dialect == "a2a-1.0" else -32009
    agent.script(Behaviour(body=f'{{"error": {{"code": {code}, "message": "Method not found"}}}}'))

    failed = failure(agent, dialect=dialect)

    assert (failed.code, failed.is_retryable) == ("invalid_endpoint", False)
    assert f"needs the dialect {other}" in failed.message


@pytest.mark.parametrize(
    ("code", "is_retryable"), [(-32603, True), (-32602, False), (-32700, False), (None, False)]
)
def test_an_error_of_the_server_is_a_failure_that_may_pass_or_not(
    agent: A2aDriver, code: int | None, is_retryable: bool
) -> None:
    number = "null" if code is None else code
    agent.script(Behaviour(body=f'{{"error": {{"code": {number}, "message": "Boom"}}}}'))

    failed = failure(agent)

    assert (failed.code, failed.is_retryable) == ("agent_failed", is_retryable)
    assert "Boom" in failed.message


@pytest.mark.parametrize(
    "body", ["{}", '{"result": {}}', '{"result": "done"}', '{"choices": []}', "[]", "OK"]
)
def test_an_answer_that_is_none_is_not_taken_for_one(agent: A2aDriver, body: str) -> None:
    agent.script(Behaviour(body=body))

    failed = failure(agent)

    assert (failed.code, failed.is_retryable) == ("invalid_response", False)


def test_a_task_at_work_without_an_id_cannot_be_followed(agent: A2aDriver) -> None:
    agent.script(Behaviour(outcome="working", merge={"id": None}))

    assert failure(agent).code == "invalid_response"


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ({"input": [{"role": "system", "content": "x"}]}, "only have messages of the user"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "is not a message"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:x"}]}]},
            "has an image",
        ),
        (
            {"input": "Use {{token}}", "variables": {"token": {"secret": True, "value": "********"}}},
            "names the secret variable 'token'",
        ),
    ],
)
@both
def test_what_cannot_be_sent_is_refused_at_save_and_fails_a_run(
    agent: A2aDriver, payload: dict[str, Any], why: str, dialect: str
) -> None:
    with pytest.raises(PayloadRefused, match=why) as refusal:
        runtime.check(payload, dialect)
    with pytest.raises(CallFailed, match=why) as failed:
        answer(agent, make_call(**payload), dialect=dialect)

    assert refusal.value.param == "payload.input"
    assert failed.value.code == "invalid_endpoint"
    assert agent.calls() == []


def test_a_dialect_it_does_not_have_fails_a_run_for_good(agent: A2aDriver) -> None:
    failed = failure(agent, dialect="orq")

    assert (failed.code, failed.is_retryable) == ("invalid_endpoint", False)


def test_every_poll_is_noted_for_the_trace(agent: A2aDriver) -> None:
    notes: list[str] = []
    agent.script(working())

    answer(agent, make_call(note=lambda name, _: notes.append(name)))

    wait_until(lambda: notes == ["poll"], 1)
