"""Answers are read without trust, and what is kept can be stored."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.runtimes import Answer, CallFailed
from workers.runtimes.answers import answer_of, response_id_of
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
        ([message(text("Hel"), text("lo")), message(text("!"))], "Hello!"),
        ([{"type": "reasoning", "content": [text("hidden")]}, message(text("shown"))], "shown"),
        ([{"type": "function_call", "arguments": "{}"}], ""),
        ([message({"type": "refusal", "refusal": "no"})], ""),
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


@pytest.mark.parametrize("response_id", [None, 7, "", "a/b", "..", "x" * 256])
def test_an_id_of_no_use_is_left_out(response_id: Any) -> None:
    assert read(id=response_id).response_id is None
    assert response_id_of({"id": response_id}) is None


def test_an_answer_without_output_is_an_empty_one() -> None:
    assert answer_of({"status": "completed"}, str).output == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (r"a\u0000b", "a\ufffdb"),
        (r"\ud83d", "\ufffd"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\ud83d\ude00", "😀"),
        (r"\\u0000", r"\u0000"),
        ("你好", "你好"),
    ],
)
def test_what_no_database_stores_is_replaced(written: str, kept: str) -> None:
    body = f'{{"{written}": ["{written}"]}}'.encode()

    assert document_of(body, str) == {kept: [kept]}


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert document_of(b'\xef\xbb\xbf{"a": 1}', str) == {"a": 1}


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"\xef\xbb\xbf", b'{"a": "\xff"}', b'{"a": "\x00"}', b'{"a": 1', b'{"a": [}', b'{"a": "b'],
)
def test_what_is_no_json_is_invalid(body: bytes) -> None:
    with pytest.raises(CallFailed) as failed:
        document_of(body, str)

    assert (failed.value.code, failed.value.is_retryable) == ("invalid_response", False)


@pytest.mark.parametrize("filling", [b"[],", b"{},", b"0,", b'"ab",', b'{"a":1},'])
def test_a_crowd_of_tiny_values_is_refused_unread(filling: bytes) -> None:
    body = b'{"a": [' + filling * (1024 * 1024 // len(filling)) + b"0]}"

    with pytest.raises(CallFailed) as failed:
        document_of(body, str)

    assert failed.value.code == "response_too_large"


def test_a_long_text_with_many_commas_is_no_crowd() -> None:
    words = "one, two, three, four; [five] " * 20_000

    assert document_of(json.dumps({"a": words}).encode(), str) == {"a": words}


@given(JSON)
def test_whatever_json_comes_is_answered_or_refused(value: Any) -> None:
    body = json.dumps({"status": "completed", "output": value, "usage": value, "telemetry": value}).encode()

    answer = answer_or_refusal(body)

    if isinstance(answer, CallFailed):
        assert answer.code == "invalid_response"
        return
    stored = json.dumps([answer.output, answer.usage], ensure_ascii=False, allow_nan=False).encode()
    assert not re.search(rb"(?<!\\)(\\\\)*\\u0000", stored)
    answer.output_text.encode()


@given(st.binary())
def test_whatever_bytes_come_they_raise_nothing_but_a_failure(body: bytes) -> None:
    assert error_in(body, str) is not None
    answer = answer_or_refusal(body)

    assert isinstance(answer, Answer) or answer.code == "invalid_response"
