"""LiteLLM's proxy: what reaches the model, what does not, and what comes back."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.proofs.agents.event_stream import events
from tests.proofs.agents.litellm_proxy import ALIAS, LiteLlm
from tests.proofs.agents.openai_answers import Turn, approval_request, function_call, refused
from tests.proofs.agents.program import answer

pytestmark = [pytest.mark.processes, pytest.mark.agents]

RESPONSES, CHAT = "/v1/responses", "/v1/chat/completions"
PROMPT = "Write the morning briefing for {{region}}"
TOO_MANY = Turn(
    http_status=429,
    headers={"Retry-After": "7"},
    body={"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}},
)


@pytest.fixture
def http(litellm: LiteLlm) -> Iterator[httpx2.Client]:
    with litellm.client() as client:
        yield client


def _received(litellm: LiteLlm, path: str) -> Any:
    """What the model received last."""
    return litellm.upstream.received(path=path)[-1].body


def test_the_model_receives_the_input_as_it_was_sent(litellm: LiteLlm, http: httpx2.Client) -> None:
    asked = {"model": ALIAS, "input": PROMPT, "instructions": "Be brief.", "metadata": {"team": "ops"}}

    document = answer(http.post(RESPONSES, json=asked))

    assert document["output"][0]["content"][0]["text"] == f"received: {PROMPT}"
    assert _received(litellm, RESPONSES) == asked | {"model": "gpt-5.2"}


def test_what_openai_does_not_know_is_dropped_in_silence(litellm: LiteLlm, http: httpx2.Client) -> None:
    more = {"variables": {"region": "EMEA"}, "memory": {"entity_id": "e-1"}}

    answer(http.post(RESPONSES, json={"model": ALIAS, "input": PROMPT} | more))

    assert _received(litellm, RESPONSES) == {"model": "gpt-5.2", "input": PROMPT}


def test_no_header_of_the_caller_reaches_the_model(litellm: LiteLlm, http: httpx2.Client) -> None:
    headers = {"Idempotency-Key": "k-1", "traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}

    answer(http.post(RESPONSES, json={"model": ALIAS, "input": "x"}, headers=headers))

    sent_on = litellm.upstream.received(path=RESPONSES)[-1].headers
    assert not {"idempotency-key", "traceparent"} & set(sent_on)


def test_metadata_is_cut_to_openais_limits(litellm: LiteLlm, http: httpx2.Client) -> None:
    metadata = {f"name-{number:02}": "v" for number in range(17)}

    answer(http.post(RESPONSES, json={"model": ALIAS, "input": "x", "metadata": metadata}))
    assert len(_received(litellm, RESPONSES)["metadata"]) == 16

    too_long = {"model": ALIAS, "input": "x", "metadata": {"team": "v" * 513}}
    assert "string too long" in answer(http.post(RESPONSES, json=too_long), 400)["error"]["message"]


def test_an_id_is_long_and_encrypted_anew_in_every_answer(http: httpx2.Client) -> None:
    asked = {"model": "trial-0", "input": "x", "background": True}
    first = answer(http.post(RESPONSES, json=asked))
    assert (first["status"], first["output"], len(first["id"]) > 300) == ("queued", [], True)

    polled = [answer(http.get(f"{RESPONSES}/{quote(first['id'], safe='')}")) for _ in range(2)]

    assert [each["status"] for each in polled] == ["in_progress", "completed"]
    assert len({first["id"], *(each["id"] for each in polled)}) == 3
    assert polled[1]["output"][0]["content"][0]["text"] == "received: x"


def test_a_response_at_work_is_cancelled(litellm: LiteLlm, http: httpx2.Client) -> None:
    asked = {"model": "trial-1", "input": "x", "background": True}
    id_ = answer(http.post(RESPONSES, json=asked))["id"]

    cancelled = answer(http.post(f"{RESPONSES}/{quote(id_, safe='')}/cancel", json={}))

    assert cancelled["status"] == "cancelled"
    assert litellm.upstream.received()[-1].path.endswith("/cancel")


def test_what_a_response_holds_comes_through(litellm: LiteLlm, http: httpx2.Client) -> None:
    items = (refused("No."), function_call(), approval_request())
    litellm.upstream.will(*(Turn(output=(item,)) for item in items), model="trial-2")

    documents = [answer(http.post(RESPONSES, json={"model": "trial-2", "input": "x"})) for _ in items]

    assert [each["output"][0]["type"] for each in documents] == [item["type"] for item in items]
    assert documents[0]["output"][0]["content"] == [{"type": "refusal", "refusal": "No."}]


def test_a_failed_response_is_no_http_error(litellm: LiteLlm, http: httpx2.Client) -> None:
    error = {"code": "server_error", "message": "The model broke."}
    litellm.upstream.will(Turn(status="failed", error=error), model="trial-3")

    document = answer(http.post(RESPONSES, json={"model": "trial-3", "input": "x"}))

    assert (document["status"], document["error"]) == ("failed", error)


@pytest.mark.parametrize("path", [RESPONSES, CHAT])
def test_an_unknown_model_is_the_callers_error(http: httpx2.Client, path: str) -> None:
    body = {"model": "agent/briefing", "input": "x", "messages": [{"role": "user", "content": "x"}]}

    error = answer(http.post(path, json=body), 400)["error"]

    assert (error["code"], error["type"]) == ("400", "invalid_request_error")
    assert "Invalid model name passed in model=agent/briefing" in error["message"]


def test_retry_after_comes_under_another_name(litellm: LiteLlm, http: httpx2.Client) -> None:
    litellm.upstream.will(TOO_MANY, model="trial-4")

    refused_ = http.post(RESPONSES, json={"model": "trial-4", "input": "x"})

    assert answer(refused_, 429)["error"]["code"] == "429"
    assert (refused_.headers.get("Retry-After"), refused_.headers["llm_provider-retry-after"]) == (None, "7")


def test_an_error_under_200_becomes_an_http_error(litellm: LiteLlm, http: httpx2.Client) -> None:
    litellm.upstream.will(
        Turn(body={"error": {"code": 429, "message": "Rate limit exceeded"}}), model="trial-5"
    )

    error = answer(http.post(RESPONSES, json={"model": "trial-5", "input": "x"}), 429)["error"]

    assert "Rate limit exceeded" in error["message"]


def test_a_stream_ends_with_the_completed_response(http: httpx2.Client) -> None:
    streamed = http.post(RESPONSES, json={"model": ALIAS, "input": "x", "stream": True})

    assert streamed.headers["Content-Type"].startswith("text/event-stream")
    assert "event:" not in streamed.text
    assert streamed.text.rstrip().endswith("data: [DONE]")
    last = events(streamed.text)[-1]
    assert (last["type"], last["response"]["status"]) == ("response.completed", "completed")


def test_a_failed_stream_says_so_in_its_last_event(litellm: LiteLlm, http: httpx2.Client) -> None:
    error = {"code": "server_error", "message": "The model broke."}
    litellm.upstream.will(Turn(status="failed", error=error), model="trial-7")

    streamed = http.post(RESPONSES, json={"model": "trial-7", "input": "x", "stream": True})

    last = events(streamed.text)[-1]
    assert (last["type"], last["response"]["error"]) == ("response.failed", error)


def test_the_model_is_asked_again_right_after_a_failure(litellm: LiteLlm, http: httpx2.Client) -> None:
    litellm.upstream.will(TOO_MANY, Turn(), model="trial-8")

    statuses = [http.post(RESPONSES, json={"model": "trial-8", "input": "x"}).status_code for _ in range(2)]

    assert statuses == [429, 200]


def test_the_model_receives_the_chat(litellm: LiteLlm, http: httpx2.Client) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": PROMPT}]

    document = answer(
        http.post(CHAT, json={"model": ALIAS, "messages": messages, "metadata": {"team": "ops"}})
    )

    (choice,) = document["choices"]
    assert (choice["finish_reason"], choice["message"]["content"]) == (
        "stop",
        f"received: Be brief.\n{PROMPT}",
    )
    assert _received(litellm, CHAT) == {"model": "gpt-5.2", "messages": messages}


def test_chat_sends_on_what_it_does_not_know(http: httpx2.Client) -> None:
    body = {"model": ALIAS, "messages": [{"role": "user", "content": "x"}], "variables": {"region": "EMEA"}}

    assert answer(http.post(CHAT, json=body), 400)["error"]["param"] == "variables"


def test_a_chat_refusal_stops_like_an_answer(litellm: LiteLlm, http: httpx2.Client) -> None:
    litellm.upstream.will(Turn(output=(refused("No."),)), model="trial-6")
    body = {"model": "trial-6", "messages": [{"role": "user", "content": "x"}]}

    (choice,) = answer(http.post(CHAT, json=body))["choices"]

    assert (choice["finish_reason"], choice["message"]["content"]) == ("stop", None)
    assert choice["message"]["refusal"] == "No."


def test_a_chat_is_streamed_in_chunks(http: httpx2.Client) -> None:
    body = {"model": ALIAS, "messages": [{"role": "user", "content": "x"}], "stream": True}

    chunks = events(http.post(CHAT, json=body).text)

    pieces = [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"]]
    assert "".join(pieces) == "received: x"


def test_it_tells_nobody_outside(http: httpx2.Client, litellm: LiteLlm) -> None:
    assert litellm.program.asked_for() == []
