"""The chat runtime at LiteLLM's proxy and at a server as strict as OpenAI's; what counts is what the model got."""

from typing import Any

import pytest

from tests.proofs.agents.litellm_proxy import ALIAS, MASTER_KEY, LiteLlm
from tests.proofs.agents.openai_answers import Turn, function_call, refused
from tests.proofs.agents.strict_openai import MODEL, StrictOpenAi
from tests.workers.runtimes.factories import make_call, make_endpoint, never
from workers.runtimes import Answer, CallFailed, runtime_for

pytestmark = [pytest.mark.processes, pytest.mark.agents]

CHAT = "/v1/chat/completions"


def call(url: str, key: str, **changes: Any) -> Answer:
    named: dict[str, Any] = {
        "input": "Write the morning briefing for {{region}}",
        "variables": {"region": "EMEA"},
        "metadata": changes.pop("metadata", {}),
        "memory_entity_id": changes.pop("memory_entity_id", None),
    }
    settings: dict[str, Any] = {"read": 20, "total": 30, **changes}
    endpoint = make_endpoint(url, path=CHAT, credential=f"Bearer {key}", **settings)
    return runtime_for("chat").call(make_call(**named), endpoint, never)


@pytest.mark.parametrize("stream", [False, True])
def test_the_model_behind_litellm_gets_the_region_and_not_its_braces(litellm: LiteLlm, stream: bool) -> None:
    given = call(
        litellm.url, MASTER_KEY, model=ALIAS, stream=stream, metadata={"team": "a"}, memory_entity_id="m"
    )

    received = litellm.upstream.received(path=CHAT)[-1].body
    assert received["messages"] == [{"role": "user", "content": "Write the morning briefing for EMEA"}]
    assert received["model"] == MODEL
    assert given.output_text == "received: Write the morning briefing for EMEA"
    assert given.response_id
    assert given.usage
    assert given.usage["input_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_strict_server_refuses_nothing_of_ours(openai: StrictOpenAi, stream: bool) -> None:
    extra = {"instructions": "Be brief.", "temperature": 0.2}

    given = call(openai.url, openai.key, model=MODEL, stream=stream, extra_body=extra, metadata={"team": "a"})

    assert given.output_text.startswith("received: ")
    assert openai.received(path=CHAT)[-1].body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Write the morning briefing for EMEA"},
    ]


def test_a_pinned_agent_is_unknown_to_a_strict_server_in_its_words(openai: StrictOpenAi) -> None:
    with pytest.raises(CallFailed) as failed:
        call(openai.url, openai.key)

    assert (failed.value.code, failed.value.is_retryable) == ("agent_http_error", False)
    assert "model_not_found" in failed.value.message


@pytest.mark.parametrize(
    ("turn", "code"),
    [
        (Turn(output=(refused("No."),)), "agent_refused"),
        (Turn(output=(function_call(),), finish_reason="tool_calls"), "agent_awaits_tool"),
        (Turn(finish_reason="length"), "agent_incomplete"),
        (Turn(finish_reason="content_filter"), "agent_refused"),
    ],
)
def test_an_end_that_is_no_success_is_told_through_litellm_too(
    litellm: LiteLlm, turn: Turn, code: str
) -> None:
    litellm.upstream.will(turn, model="trial-9")

    with pytest.raises(CallFailed) as failed:
        call(litellm.url, MASTER_KEY, model="trial-9")

    assert failed.value.code == code
    assert failed.value.answer


@pytest.mark.parametrize(
    ("turn", "code"),
    [(Turn(output=(refused("No."),)), "agent_refused"), (Turn(finish_reason="length"), "agent_incomplete")],
)
def test_an_end_that_is_no_success_is_told_in_a_stream_too(
    openai: StrictOpenAi, turn: Turn, code: str
) -> None:
    openai.will(turn)

    with pytest.raises(CallFailed) as failed:
        call(openai.url, openai.key, model=MODEL, stream=True)

    assert failed.value.code == code
    assert failed.value.answer
    assert failed.value.answer.output_text


def test_a_limit_of_the_model_behind_litellm_is_passing_and_its_wish_is_heard(litellm: LiteLlm) -> None:
    error = {"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}}
    litellm.upstream.will(Turn(http_status=429, headers={"Retry-After": "7"}, body=error), model="trial-10")

    with pytest.raises(CallFailed, match="HTTP 429") as failed:
        call(litellm.url, MASTER_KEY, model="trial-10")

    assert failed.value.is_retryable
    assert failed.value.retry_after
    assert failed.value.retry_after.total_seconds() == 7
