"""Answers are read without trust, and what is kept can be stored."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.runtimes import Answer, CallFailed
from workers.runtimes.answers import READS, answer_of, response_id_of
from workers.runtimes.documents import document_of, error_in

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
)


def read(**members: Any) -> Answer:
    return answer_of({"id": "resp_1", "status": "completed", "output": [], **members}, str)


def answer_or_refusal(body: bytes) -> Answer | CallFailed:
    try:
        return answer_of(document_of(body, str), str)
    except CallFailed as failure:
        return failure


def message(*parts: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": list(parts), **changes}


def text(words: str) -> dict[str, Any]:
    return {"type": "output_text", "text": words, "annotations": []}


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ([message(text("Hello"))], "Hello"),
        ([message(text("Hel"), text("lo"))], "Hello"),
        ([message(text("let me look...")), message(text("final answer"))], "let me look...\n\nfinal answer"),
        ([message(text("one")), message(), message(text("")), message(content="two")], "one\n\ntwo"),
        ([{"type": "reasoning", "content": [text("hidden")]}, message(text("shown"))], "shown"),
        ([message(text("Here:"), {"type": "refusal", "refusal": "not that"})], "Here:"),
        ([{"type": "function_call", "call_id": "1"}, message(text("done"))], "done"),
        ([message(content="bare")], "bare"),
        ("bare", "bare"),
        ([], ""),
        (None, ""),
        ([7, None, "x", [], message(content=None), message(None, 7, {"type": "output_text"})], ""),
        ([message({"type": "output_text", "text": 7})], ""),
        ({"text": "x"}, ""),
    ],
)
def test_the_text_is_that_of_all_messages(output: Any, words: str) -> None:
    answer = read(output=output)

    assert answer.output_text == words
    assert answer.output == output


def test_an_answer_names_its_model() -> None:
    assert read(model="gpt-5-mini-2026").model == "gpt-5-mini-2026"
    assert [read(model=model).model for model in (None, 7, "", "x" * 256)] == [None] * 4


def failure_of(**members: Any) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        read(**members)
    return failed.value


def test_a_refusal_and_nothing_else_is_no_success_and_its_text_is_kept() -> None:
    output = [message({"type": "refusal", "refusal": "I can't help with that."})]

    failure = failure_of(output=output)

    assert (failure.code, failure.is_retryable) == ("agent_refused", False)
    assert failure.message == "the agent refused: I can't help with that."
    assert failure.answer is not None
    assert (failure.answer.output, failure.answer.output_text) == (output, "I can't help with that.")


@pytest.mark.parametrize(
    ("items", "code"),
    [
        (
            [{"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": "{}"}],
            "agent_awaits_tool",
        ),
        ([{"type": "custom_tool_call", "call_id": "call_1"}], "agent_awaits_tool"),
        ([{"type": "reasoning"}, {"type": "computer_call", "call_id": "call_1"}], "agent_awaits_tool"),
        ([{"type": "mcp_approval_request", "id": "mcpr_1"}], "agent_awaits_approval"),
        (
            [{"type": "function_call", "call_id": "1"}, {"type": "mcp_approval_request", "id": "2"}],
            "agent_awaits_approval",
        ),
        (
            [
                {"type": "function_call", "call_id": "1"},
                {"type": "function_call_output", "call_id": "1"},
                {"type": "function_call", "call_id": "2"},
            ],
            "agent_awaits_tool",
        ),
    ],
)
def test_an_answer_that_only_waits_for_somebody_is_no_success(items: list[dict[str, Any]], code: str) -> None:
    failure = failure_of(output=items)

    assert (failure.code, failure.is_retryable) == (code, False)
    assert failure.answer is not None
    assert failure.answer.output == items


@pytest.mark.parametrize(
    "items",
    [
        [{"type": "function_call", "call_id": "1"}, {"type": "function_call_output", "call_id": "1"}],
        [
            {"type": "mcp_approval_request", "id": "1"},
            {"type": "mcp_approval_response", "approval_request_id": "1"},
        ],
        [{"type": "mcp_call", "id": "1"}, {"type": "web_search_call"}, {"type": "image_generation_call"}],
    ],
)
def test_tools_that_the_agent_has_run_itself_are_no_reason_to_wait(items: list[dict[str, Any]]) -> None:
    assert read(output=items).output_text == ""


@pytest.mark.parametrize("status", [None, "failed", "completed", "error"])
@pytest.mark.parametrize(
    ("error", "is_retryable", "words"),
    [
        ({"code": 429, "message": "Rate limit exceeded"}, True, "429: Rate limit exceeded"),
        ({"code": "rate_limit_exceeded", "message": "Slow down"}, True, "rate_limit_exceeded: Slow down"),
        ({"code": "server_error", "message": "Oops"}, True, "server_error: Oops"),
        ({"code": "invalid_prompt", "message": "No"}, False, "invalid_prompt: No"),
        ("quota is used up", False, "quota is used up"),
    ],
)
def test_an_error_is_a_failure_with_the_agents_words_whatever_the_status(
    status: str | None, error: Any, is_retryable: bool, words: str
) -> None:
    failure = failure_of(status=status, error=error, output=[])

    assert (failure.code, failure.is_retryable) == ("agent_failed", is_retryable)
    assert failure.message.endswith(f": {words}")


@pytest.mark.parametrize("error", [None, {}, "", {"code": None, "message": None}])
def test_an_error_that_says_nothing_is_none(error: Any) -> None:
    assert read(error=error, output="fine").output_text == "fine"


def test_output_without_a_status_is_completed() -> None:
    assert answer_of({"output": [message(text("done"))]}, str).output_text == "done"
    assert read(status=None, output=[]).output == []


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"id": "chatcmpl-1", "object": "chat.completion", "choices": [{"index": 0}]}, "runtime chat"),
        ({"jsonrpc": "2.0", "id": "1", "result": {"kind": "task"}}, "runtime a2a"),
        (
            {"jsonrpc": "2.0", "id": None, "error": {"code": -32601, "message": "Method not found"}},
            "runtime a2a",
        ),
        ({"accepted": True}, "runtime webhook"),
        ({}, "runtime webhook"),
    ],
)
def test_an_answer_of_another_api_is_told_by_its_looks(document: dict[str, Any], words: str) -> None:
    with pytest.raises(CallFailed) as failed:
        answer_of(document, str)

    assert (failed.value.code, failed.value.is_retryable) == ("invalid_response", False)
    assert words in failed.value.message


def test_usage_and_trace_are_passed_on() -> None:
    answer = read(usage={"input_tokens": 3}, telemetry={"trace_id": "a" * 32, "span_id": "b" * 16})

    assert answer.usage == {"input_tokens": 3}
    assert (answer.trace_id, answer.span_id) == ("a" * 32, "b" * 16)


@pytest.mark.parametrize(
    "nonsense", [None, 7, "text", [], {"trace_id": 7, "span_id": "x" * 65}, {"trace_id": "\n"}]
)
def test_nonsense_beside_the_answer_is_left_out(nonsense: Any) -> None:
    answer = read(telemetry=nonsense, usage=nonsense if not isinstance(nonsense, dict) else None)

    assert (answer.trace_id, answer.span_id, answer.usage) == (None, None, None)


@pytest.mark.parametrize("response_id", ["resp_agent/graph.5cf6", "..", "=", "ü", "x" * 2000])
def test_an_id_is_kept_whatever_it_looks_like(response_id: str) -> None:
    assert read(id=response_id).response_id == response_id


@pytest.mark.parametrize("response_id", [None, 7, "", [], "x" * 2001])
def test_what_is_no_id_is_left_out(response_id: Any) -> None:
    assert read(id=response_id).response_id is None
    assert response_id_of({"id": response_id}) is None


def test_an_answer_without_output_is_an_empty_one() -> None:
    assert answer_of({"status": "completed"}, str).output == []


@given(JSON)
def test_whatever_json_comes_is_answered_or_refused(value: Any) -> None:
    body = json.dumps({"status": "completed", "output": value, "usage": value, "telemetry": value}).encode()

    answer = answer_or_refusal(body)

    if isinstance(answer, CallFailed):
        assert answer.code in (
            "invalid_response",
            "agent_refused",
            "agent_awaits_tool",
            "agent_awaits_approval",
        )
        return
    stored = json.dumps([answer.output, answer.usage], ensure_ascii=False, allow_nan=False).encode()
    assert not re.search(rb"(?<!\\)(\\\\)*\\u0000", stored)
    answer.output_text.encode()


@given(st.binary())
def test_whatever_bytes_come_they_raise_nothing_but_a_failure(body: bytes) -> None:
    assert error_in(body, str) is not None
    answer = answer_or_refusal(body)

    assert isinstance(answer, Answer) or answer.code == "invalid_response"


@pytest.mark.parametrize(
    "words",
    ["1," * 140_000, "one, two, three, four; [five] " * 20_000, "a,b,c;d\n" * 118_000, '{"["' * 100_000],
    ids=["numbers", "prose", "a table of 950 kB", "JSON in JSON"],
)
def test_a_long_text_with_many_signs_is_no_crowd(words: str) -> None:
    document = document_of(
        json.dumps({"status": "completed", "output": [message(text(words))]}).encode(), str
    )

    assert answer_of(document, str).output_text == words


@pytest.mark.parametrize(
    "odd",
    [
        "NaN",
        "-Infinity",
        "1e999",
        "9" * 5000,
        "[" * 101 + "]" * 101,
        "[" * 80_000 + "]" * 80_000,
        '{"a":' * 20_000 + "1" + "}" * 20_000,
        "[" + "[]," * 300_000 + "0]",
        "[" + "0," * 400_000 + "0]",
    ],
    ids=lambda odd: odd[:20],
)
@pytest.mark.parametrize(
    "place", ['"metadata": {}', '"output": [{{"type": "x", "logprobs": {}}}, {}]', '"usage": {{"x": {}}}']
)
def test_odd_parts_do_not_cost_the_answer(odd: str, place: str) -> None:
    output = json.dumps([message(text("fine"))])
    item = json.dumps(message(text("fine")))
    rest = place.format(odd, item)
    body = f'{{"status": "completed", "output": {output}, {rest}}}'.encode()

    assert answer_of(document_of(body, str, reads=READS), str).output_text == "fine"
