"""How the responses runtime judges what comes back."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from schedules.secrets.masking import MASK
from tests.agent_server import AgentServer, Behaviour, long_id
from tests.workers.runtimes.factories import CREDENTIAL, make_call, make_endpoint, never
from workers.runtimes import CallFailed, runtime_for

KEY = "sk-agent-0123456789"


def failure_of(agent: AgentServer, behaviour: Behaviour, **call: Any) -> CallFailed:
    agent.script("digest", behaviour)
    with pytest.raises(CallFailed) as failed:
        runtime_for("responses").call(make_call(**call), make_endpoint(agent.url), never)
    return failed.value


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 529, 599])
def test_a_status_that_may_pass_is_worth_another_attempt(agent: AgentServer, status: int) -> None:
    failure = failure_of(agent, Behaviour(status=status))

    assert (failure.code, failure.is_retryable) == ("agent_http_error", True)
    assert f"HTTP {status}" in failure.message


@pytest.mark.parametrize(
    ("status", "is_silent"), [(504, True), (524, True), (502, False), (503, False), (429, False)]
)
def test_a_gateway_that_gave_up_waiting_tells_of_a_silent_agent(
    agent: AgentServer, status: int, is_silent: bool
) -> None:
    assert failure_of(agent, Behaviour(status=status)).is_silent == is_silent


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7200"}, timedelta(hours=2)),
        ({"Retry-After": "1.5"}, timedelta(seconds=1.5)),
        ({"retry-after-ms": "1250", "Retry-After": "2"}, timedelta(milliseconds=1250)),
    ],
)
def test_a_wish_is_passed_on_uncut_in_whichever_spelling(
    agent: AgentServer, headers: dict[str, str], wait: timedelta
) -> None:
    assert failure_of(agent, Behaviour(status=429, headers=headers)).retry_after == wait


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 409, 410, 413, 415, 418, 422, 451])
def test_a_status_that_will_not_pass_is_final(agent: AgentServer, status: int) -> None:
    failure = failure_of(agent, Behaviour(status=status, headers={"Retry-After": "7"}))

    assert (failure.code, failure.is_retryable) == ("agent_http_error", False)
    assert failure.retry_after is None


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_refused_and_not_followed(agent: AgentServer, status: int) -> None:
    failure = failure_of(agent, Behaviour(status=status, headers={"Location": f"{agent.url}/elsewhere"}))

    assert (failure.code, failure.is_retryable) == ("redirect_refused", False)
    assert [call["path"] for call in agent.calls()] == ["/v3/router/responses"]
    assert agent.calls(method="GET") == []


@pytest.mark.parametrize("status", [429, 503, 500, 408])
def test_the_agents_wish_to_be_left_alone_is_passed_on(agent: AgentServer, status: int) -> None:
    failure = failure_of(agent, Behaviour(status=status, headers={"Retry-After": "17"}))

    assert failure.retry_after == timedelta(seconds=17)


def test_the_wish_may_be_a_date(agent: AgentServer) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)

    failure = failure_of(agent, Behaviour(status=503, headers={"Retry-After": later}))

    assert failure.retry_after is not None
    assert timedelta(seconds=30) < failure.retry_after <= timedelta(seconds=40)


@pytest.mark.parametrize("value", ["-5", "soon", "Mon, 01 Jan 2001 00:00:00 GMT"])
def test_a_senseless_wish_is_ignored(agent: AgentServer, value: str) -> None:
    assert failure_of(agent, Behaviour(status=429, headers={"Retry-After": value})).retry_after is None


def test_the_agents_own_words_stand_in_the_message(agent: AgentServer) -> None:
    error = {"code": "overloaded", "message": "Too many\nrequests"}

    failure = failure_of(agent, Behaviour(status=429, error=error))

    assert failure.message == "the agent answered HTTP 429: overloaded: Too many requests"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"error": "no credit"}', "no credit"),
        ('{"detail": "Not authenticated"}', "Not authenticated"),
        ('{"message": "Service is restarting"}', "Service is restarting"),
        ('{"error": {"message": "Bad key", "type": "x", "param": null, "code": "400"}}', "400: Bad key"),
    ],
)
def test_words_are_found_where_servers_put_them(agent: AgentServer, body: str, words: str) -> None:
    assert (
        failure_of(agent, Behaviour(status=502, body=body)).message == f"the agent answered HTTP 502: {words}"
    )


@pytest.mark.parametrize(
    "body", ["", "<html>Bad gateway</html>", "[]", '{"error": 5}', "{", '{"error": {"code": []}}']
)
def test_an_error_without_words_is_told_by_its_status(agent: AgentServer, body: str) -> None:
    assert failure_of(agent, Behaviour(status=502, body=body)).message == "the agent answered HTTP 502"


def test_a_huge_error_body_is_not_read(agent: AgentServer) -> None:
    words = json.dumps({"error": {"message": "x" * 100_000}})

    assert failure_of(agent, Behaviour(status=500, body=words)).message == "the agent answered HTTP 500"


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_an_agent_that_says_it_failed_is_believed(agent: AgentServer, outcome: str) -> None:
    error = {"code": "tool_error", "message": "The tool broke"}

    failure = failure_of(agent, Behaviour(outcome=outcome, error=error), run_id="01RUN")

    assert (failure.code, failure.is_retryable) == ("agent_failed", False)
    assert failure.message == f"the agent reports {outcome}: tool_error: The tool broke"
    assert failure.response_id == long_id("01RUN")


def test_an_agent_that_stopped_early_says_why(agent: AgentServer) -> None:
    details = {"incomplete_details": {"reason": "max_output_tokens"}}

    failure = failure_of(agent, Behaviour(outcome="incomplete", merge=details))

    assert (failure.code, failure.is_retryable) == ("agent_incomplete", False)
    assert failure.message == "the agent stopped early: max_output_tokens"


@pytest.mark.parametrize(
    "body",
    ["", "not json", "<html></html>", "[]", "null", '"text"', '{"id": 1', "{} {}", '{"a": NaN}', "\ufeff"],
)
def test_an_answer_that_is_no_json_object_is_final(agent: AgentServer, body: str) -> None:
    failure = failure_of(agent, Behaviour(body=body))

    assert (failure.code, failure.is_retryable) == ("invalid_response", False)


@pytest.mark.parametrize("status", ["", "done", 7, {"deep": []}])
def test_an_answer_without_a_known_status_is_final(agent: AgentServer, status: Any) -> None:
    failure = failure_of(agent, Behaviour(merge={"status": status}))

    assert (failure.code, failure.is_retryable) == ("invalid_response", False)


def test_an_empty_success_is_no_answer(agent: AgentServer) -> None:
    assert failure_of(agent, Behaviour(status=204, body="")).code == "invalid_response"


def test_a_created_or_accepted_answer_is_an_answer(agent: AgentServer) -> None:
    for status in (200, 201, 202):
        agent.script("digest", Behaviour(status=status))
        answer = runtime_for("responses").call(make_call(), make_endpoint(agent.url), never)
        assert answer.output_text == "Good morning, Ada"


def test_nobody_listening_is_worth_another_attempt() -> None:
    with pytest.raises(CallFailed) as failed:
        runtime_for("responses").call(make_call(), make_endpoint("http://127.0.0.1:1"), never)

    assert (failed.value.code, failed.value.is_retryable) == ("agent_unreachable", True)
    assert failed.value.message == "cannot connect to the agent's address"


@pytest.mark.parametrize("fault", ["close", "reset", "garbage", "truncated", "huge_head"])
def test_a_connection_that_breaks_is_worth_another_attempt(agent: AgentServer, fault: str) -> None:
    failure = failure_of(agent, Behaviour(fault=fault))

    assert (failure.code, failure.is_retryable) == ("agent_unreachable", True)
    assert failure.message.startswith("the connection broke: ")


@pytest.mark.parametrize(
    "echoed",
    [
        f"invalid key {KEY}",
        f"header was '{CREDENTIAL}'",
        json.dumps({"authorization": CREDENTIAL}),
        f"{KEY}{KEY}" * 200,
        "the token is t0p-secret",
        "you asked: Summarise the board papers",
        json.dumps({"input": "Summarise the board papers", "variables": {"token": "t0p-secret"}}),
    ],
)
@pytest.mark.parametrize("status", [401, 200])
def test_neither_credential_nor_request_comes_back_in_a_message(
    agent: AgentServer, echoed: str, status: int
) -> None:
    behaviour = Behaviour(status=status, outcome="failed", error={"code": KEY, "message": echoed})
    request = {"input": "Summarise the board papers", "variables": {"token": "t0p-secret"}}

    failure = failure_of(agent, behaviour, **request)

    assert MASK in failure.message
    for private in (KEY, KEY[:12], "t0p-secret", "board papers"):
        assert private not in failure.message


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(body="x", headers={"Content-Type": KEY}),
        Behaviour(merge={"status": KEY}),
        Behaviour(outcome="incomplete", merge={"incomplete_details": {"reason": KEY}}),
        Behaviour(outcome="failed", error=KEY),
    ],
)
def test_no_part_of_an_answer_carries_the_credential_into_a_message(
    agent: AgentServer, behaviour: Behaviour
) -> None:
    failure = failure_of(agent, behaviour)

    assert KEY not in str(failure)
    assert MASK in failure.message


def test_a_calls_secrets_do_not_show_in_what_is_logged_of_it() -> None:
    shown = repr(make_call(variables={"token": "t0p-secret"}, input="private")) + repr(
        make_endpoint("http://a")
    )

    for private in ("t0p-secret", "private", KEY):
        assert private not in shown
