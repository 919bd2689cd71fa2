"""The responses runtime at LiteLLM's proxy and at a server as strict as OpenAI's: what counts is what a model got."""

from typing import Any

import pytest

from tests.proofs.agents.litellm_proxy import ALIAS, MASTER_KEY, LiteLlm
from tests.proofs.agents.openai_answers import (
    Turn,
    approval_request,
    encrypted_id,
    function_call,
    message,
    path_id,
    refused,
)
from tests.proofs.agents.strict_openai import MODEL, StrictOpenAi
from tests.workers.runtimes.factories import make_call, make_endpoint, never
from workers.runtimes import Answer, CallFailed, PayloadRefused, polling, runtime_for

pytestmark = [pytest.mark.processes, pytest.mark.agents]

PATH = "/v1/responses"
SECRET = {"secret": True, "value": "supersecret1"}
WAYS = [{}, {"stream": True}, {"background": True}, {"background": True, "stream": True}]
SERVER_ERROR = {"code": "server_error", "message": "Oops"}


def call(url: str, key: str, **changes: Any) -> Answer:
    named: dict[str, Any] = {
        "input": "Write the morning briefing for {{region}}",
        "variables": {"region": "EMEA", "tok": SECRET},
        "metadata": changes.pop("metadata", {}),
        "memory_entity_id": "user-7",
    }
    settings: dict[str, Any] = {"read": 20, "total": 30, **changes}
    endpoint = make_endpoint(url, path=PATH, credential=f"Bearer {key}", **settings)
    return runtime_for("responses").call(make_call(**named), endpoint, never)


def failure_of(url: str, key: str, **changes: Any) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        call(url, key, **changes)
    return failed.value


@pytest.mark.parametrize(
    "settings", [{}, {"stream": True}, {"background": True}, {"background": True, "stream": True}]
)
def test_the_model_behind_litellm_gets_the_region_and_not_its_braces(
    litellm: LiteLlm, settings: dict[str, Any]
) -> None:
    given = call(litellm.url, MASTER_KEY, model=ALIAS, metadata={"team": "a", "n": 3}, **settings)

    received = litellm.upstream.received(path=PATH)[-1].body
    assert received["input"] == "Write the morning briefing for EMEA"
    assert received["metadata"] == {"team": "a", "n": "3"}
    assert "supersecret1" not in str(received)
    assert given.output_text == "received: Write the morning briefing for EMEA"
    assert given.response_id
    assert len(given.response_id) > 400


@pytest.mark.parametrize("settings", [{}, {"stream": True}, {"background": True}])
def test_a_strict_server_refuses_nothing_of_ours(openai: StrictOpenAi, settings: dict[str, Any]) -> None:
    extra = {"instructions": "Be brief.", "temperature": 0.2}

    given = call(openai.url, openai.key, model=MODEL, extra_body=extra, metadata={"team": "a"}, **settings)

    received = openai.received(path=PATH)[0].body
    assert received == {
        "model": MODEL,
        "input": "Write the morning briefing for EMEA",
        "metadata": {"team": "a"},
        "instructions": "Be brief.",
        "temperature": 0.2,
        **settings,
    }
    assert given.output_text == "received: Write the morning briefing for EMEA"
    assert given.model == MODEL


def test_what_a_strict_server_would_refuse_is_refused_at_save(openai: StrictOpenAi) -> None:
    metadata = {f"key-{number}": "x" for number in range(17)}

    with pytest.raises(PayloadRefused, match="at most 16"):
        runtime_for("responses").check({"input": "Hi", "metadata": metadata}, "openai")
    assert (
        "object_above_max_properties"
        in failure_of(openai.url, openai.key, model=MODEL, metadata=metadata).message
    )


@pytest.mark.parametrize("id_", [encrypted_id(), path_id()])
def test_work_in_the_background_is_found_by_any_id(
    openai: StrictOpenAi, monkeypatch: pytest.MonkeyPatch, id_: str
) -> None:
    monkeypatch.setattr(polling, "FIRST_POLL_SECONDS", 0.05)
    openai.will(Turn(id=id_, polls=("queued", "in_progress")))

    given = call(openai.url, openai.key, model=MODEL, background=True)

    assert given.response_id == id_
    assert len(openai.received(path=PATH)) == 1


def test_work_that_takes_too_long_is_cancelled(openai: StrictOpenAi) -> None:
    openai.will(Turn(polls=("in_progress",) * 99))

    failure = failure_of(openai.url, openai.key, model=MODEL, background=True, total=1)

    assert (failure.code, failure.is_silent) == ("agent_timeout", True)
    (cancelled,) = [each for each in openai.received() if each.path.endswith("/cancel")]
    assert cancelled.path == f"{PATH}/{failure.response_id}/cancel"


@pytest.mark.parametrize(
    ("turn", "code", "is_retryable"),
    [
        (Turn(output=(refused("No."),)), "agent_refused", False),
        (Turn(output=(function_call(),)), "agent_awaits_tool", False),
        (Turn(output=(approval_request(),)), "agent_awaits_approval", False),
        (Turn(status="failed", error=SERVER_ERROR), "agent_failed", True),
        (Turn(status="incomplete"), "agent_incomplete", False),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_end_that_is_no_success_is_told(
    openai: StrictOpenAi, litellm: LiteLlm, turn: Turn, code: str, is_retryable: bool, stream: bool
) -> None:
    openai.will(turn)
    litellm.upstream.will(turn, model="trial-8")

    direct = failure_of(openai.url, openai.key, model=MODEL, stream=stream)
    behind = failure_of(litellm.url, MASTER_KEY, model="trial-8", stream=stream)

    assert (direct.code, direct.is_retryable) == (behind.code, behind.is_retryable) == (code, is_retryable)


def test_several_messages_stand_apart(litellm: LiteLlm) -> None:
    litellm.upstream.will(Turn(output=(message("let me look..."), message("final answer"))), model="trial-7")

    assert call(litellm.url, MASTER_KEY, model="trial-7").output_text == "let me look...\n\nfinal answer"


@pytest.mark.parametrize("turn", [Turn(compresses=True), Turn(always_streams=True)])
def test_an_answer_in_a_wrapping_nobody_asked_for_is_read(openai: StrictOpenAi, turn: Turn) -> None:
    openai.will(turn)

    assert call(openai.url, openai.key, model=MODEL).output_text.startswith("received: ")


def test_an_error_under_200_is_a_passing_failure_in_the_agents_words(openai: StrictOpenAi) -> None:
    openai.will(Turn(body={"error": {"code": 429, "message": "Rate limit exceeded"}}))

    failure = failure_of(openai.url, openai.key, model=MODEL)

    assert (failure.code, failure.is_retryable) == ("agent_failed", True)
    assert failure.message == "the agent reports an error: 429: Rate limit exceeded"


def test_a_model_that_the_proxy_does_not_know_is_told_in_its_words(litellm: LiteLlm) -> None:
    failure = failure_of(litellm.url, MASTER_KEY)

    assert (failure.code, failure.is_retryable) == ("agent_http_error", False)
    assert "agent/digest" in failure.message
    assert "Invalid model name" in failure.message
