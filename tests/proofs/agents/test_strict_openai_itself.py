"""Our strict OpenAI-like server, by plain HTTP: it must be as hard to please as the API it stands for."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.proofs.agents.event_stream import events
from tests.proofs.agents.openai_answers import (
    Turn,
    approval_request,
    encrypted_id,
    function_call,
    message,
    path_id,
    refused,
)
from tests.proofs.agents.program import answer
from tests.proofs.agents.strict_openai import MODEL, StrictOpenAi

RESPONSES, CHAT = "/v1/responses", "/v1/chat/completions"
ASKED = {"model": MODEL, "input": "Hello"}
CHATTED = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def http(openai: StrictOpenAi) -> Iterator[httpx2.Client]:
    key = {"Authorization": f"Bearer {openai.key}"}
    with httpx2.Client(base_url=openai.url, headers=key, trust_env=False) as client:
        yield client


def test_an_answer_tells_what_the_model_received(openai: StrictOpenAi, http: httpx2.Client) -> None:
    document = answer(http.post(RESPONSES, json=ASKED))

    assert (document["status"], len(document["id"])) == ("completed", 55)
    assert document["output"][0]["content"][0]["text"] == "received: Hello"
    assert openai.received()[-1].body == ASKED


@pytest.mark.parametrize(
    ("change", "status", "code", "param"),
    [
        ({"variables": {"region": "EMEA"}}, 400, "unknown_parameter", "variables"),
        ({"memory": {"entity_id": "e-1"}}, 400, "unknown_parameter", "memory"),
        ({"input": None}, 400, "missing_required_parameter", "input"),
        ({"model": None}, 400, "missing_required_parameter", "model"),
        ({"model": "agent/briefing"}, 400, "model_not_found", "model"),
        (
            {"metadata": {f"n{number}": "v" for number in range(17)}},
            400,
            "object_above_max_properties",
            "metadata",
        ),
        ({"metadata": {"n" * 65: "v"}}, 400, "property_name_above_max_length", "metadata"),
        ({"metadata": {"n": "v" * 513}}, 400, "string_above_max_length", "metadata.n"),
        ({"metadata": {"n": 5}}, 400, "invalid_type", "metadata.n"),
        ({"background": True, "store": False}, 400, None, "background"),
    ],
)
def test_a_wrong_body_is_refused(
    http: httpx2.Client, change: dict[str, Any], status: int, code: str | None, param: str
) -> None:
    error = answer(http.post(RESPONSES, json=ASKED | change), status)["error"]

    assert (error["code"], error["param"]) == (code, param)


def test_metadata_within_the_limits_passes(http: httpx2.Client) -> None:
    metadata = {f"{number:064}": "v" * 512 for number in range(16)}

    assert answer(http.post(RESPONSES, json=ASKED | {"metadata": metadata}))["metadata"] == metadata


def test_chat_is_as_strict(http: httpx2.Client) -> None:
    assert answer(http.post(CHAT, json=CHATTED | {"input": "x"}), 400)["error"]["param"] == "input"
    assert (
        answer(http.post(CHAT, json=CHATTED | {"model": "nope"}), 404)["error"]["code"] == "model_not_found"
    )


def test_a_wrong_key_is_refused(http: httpx2.Client) -> None:
    refused_ = http.post(RESPONSES, json=ASKED, headers={"Authorization": "Bearer sk-other"})

    assert answer(refused_, 401)["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize("make_id", [encrypted_id, path_id])
def test_any_id_is_polled_percent_encoded(openai: StrictOpenAi, http: httpx2.Client, make_id: Any) -> None:
    openai.will(Turn(id=make_id()))
    document = answer(http.post(RESPONSES, json=ASKED | {"background": True}))
    assert (document["status"], document["output"], document["usage"]) == ("queued", [], None)

    polled = [answer(http.get(f"{RESPONSES}/{quote(document['id'], safe='')}")) for _ in range(3)]

    assert [each["status"] for each in polled] == ["in_progress", "completed", "completed"]
    assert {each["id"] for each in polled} == {document["id"]}


def test_an_encrypted_id_is_as_long_as_they_come() -> None:
    id_ = encrypted_id()

    assert (len(id_), id_[-1]) == (473, "=")


def test_a_background_response_is_cancelled(http: httpx2.Client) -> None:
    path = f"{RESPONSES}/{answer(http.post(RESPONSES, json=ASKED | {'background': True}))['id']}"

    assert answer(http.post(f"{path}/cancel", json={}))["status"] == "cancelled"
    assert answer(http.get(path))["status"] == "cancelled"


def test_another_response_is_not(http: httpx2.Client) -> None:
    path = f"{RESPONSES}/{answer(http.post(RESPONSES, json=ASKED))['id']}"

    answer(http.post(f"{path}/cancel", json={}), 400)
    answer(http.get(f"{RESPONSES}/resp_nope"), 404)


@pytest.mark.parametrize(
    ("status", "has_output"), [("completed", True), ("incomplete", True), ("failed", False)]
)
def test_a_stream_ends_with_the_whole_response(
    openai: StrictOpenAi, http: httpx2.Client, status: str, has_output: bool
) -> None:
    openai.will(Turn(status=status))

    streamed = http.post(RESPONSES, json=ASKED | {"stream": True})

    told = events(streamed.text)
    assert [each["sequence_number"] for each in told] == list(range(len(told)))
    assert (told[0]["type"], told[-1]["type"]) == ("response.created", f"response.{status}")
    assert bool(told[-1]["response"]["output"]) is has_output
    assert f"event: response.{status}\n" in streamed.text


def test_the_deltas_of_a_stream_are_its_text(http: httpx2.Client) -> None:
    told = events(http.post(RESPONSES, json=ASKED | {"stream": True}).text)

    deltas = [each["delta"] for each in told if each["type"] == "response.output_text.delta"]
    assert "".join(deltas) == "received: Hello"


def test_a_plain_request_may_be_answered_with_a_stream(openai: StrictOpenAi, http: httpx2.Client) -> None:
    openai.will(Turn(always_streams=True))

    assert http.post(RESPONSES, json=ASKED).headers["Content-Type"].startswith("text/event-stream")


def test_an_answer_may_be_compressed_without_being_asked_for(
    openai: StrictOpenAi, http: httpx2.Client
) -> None:
    openai.will(Turn(compresses=True))

    packed = http.post(RESPONSES, json=ASKED, headers={"Accept-Encoding": "identity"})

    assert (packed.headers["Content-Encoding"], packed.json()["status"]) == ("gzip", "completed")


@pytest.mark.parametrize("item", [refused("No."), function_call(), approval_request(), message("one", "two")])
def test_the_output_is_what_the_test_wants(openai: StrictOpenAi, http: httpx2.Client, item: Any) -> None:
    openai.will(Turn(output=(item,)))

    assert answer(http.post(RESPONSES, json=ASKED))["output"] == [item]


def test_errors_come_with_any_status_and_headers(openai: StrictOpenAi, http: httpx2.Client) -> None:
    error = {"error": {"code": 429, "message": "Rate limit exceeded"}}
    openai.will(Turn(http_status=429, headers={"Retry-After": "7200"}, body=error), Turn(body=error), Turn())

    first, second, third = (http.post(RESPONSES, json=ASKED) for _ in range(3))

    assert (first.status_code, first.headers["Retry-After"]) == (429, "7200")
    assert answer(second) == error
    assert answer(third)["status"] == "completed"


def test_a_chat_says_the_same_at_once_and_in_chunks(openai: StrictOpenAi, http: httpx2.Client) -> None:
    openai.will(Turn(finish_reason="length"))

    (choice,) = answer(http.post(CHAT, json=CHATTED))["choices"]
    streamed = http.post(CHAT, json=CHATTED | {"stream": True}).text

    assert (choice["finish_reason"], choice["message"]["content"]) == ("length", "received: Hello")
    deltas = [each["choices"][0] for each in events(streamed)]
    assert "".join(each["delta"].get("content", "") for each in deltas) == "received: Hello"
    assert deltas[-1]["finish_reason"] == "length"
    assert streamed.endswith("data: [DONE]\n\n")


def test_a_chat_shows_refusals_and_calls(openai: StrictOpenAi, http: httpx2.Client) -> None:
    openai.will(Turn(output=(refused("No."),)), Turn(output=(function_call(),), finish_reason="tool_calls"))

    no, call = (answer(http.post(CHAT, json=CHATTED))["choices"][0]["message"] for _ in range(2))

    assert (no["content"], no["refusal"]) == (None, "No.")
    assert (call["content"], call["tool_calls"][0]["function"]["name"]) == (None, "get_weather")


def test_an_answer_takes_as_long_as_the_test_says(openai: StrictOpenAi, http: httpx2.Client) -> None:
    openai.will(Turn(delay=0.3))
    started = time.monotonic()

    answer(http.post(RESPONSES, json=ASKED))

    assert time.monotonic() - started >= 0.3
