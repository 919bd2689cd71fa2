"""What a chat completion means for a run: its text, its counts, and the ends that are no success."""

from typing import Any

import pytest

from workers.runtimes.base import Answer, CallFailed
from workers.runtimes.completions import StreamedCompletion, answer_of_completion, is_completion, usage_of

CALL = {"id": "call_1", "type": "function", "function": {"name": "search", "arguments": '{"q": 1}'}}


def completion(finish_reason: str | None = "stop", **message: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "model": "gpt",
        "choices": [
            {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", **message}}
        ],
    }


def answer(document: dict[str, Any]) -> Answer:
    return answer_of_completion(document, "chatcmpl-1", str)


def failure(document: dict[str, Any]) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        answer(document)
    assert not failed.value.is_retryable, "the agent did its work"
    return failed.value


def test_the_text_is_the_answer_in_the_form_of_the_responses_api() -> None:
    given = answer(completion(content="Good morning"))

    assert given.output_text == "Good morning"
    assert given.output == [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Good morning"}]}
    ]
    assert (given.response_id, given.model) == ("chatcmpl-1", "gpt")


def test_a_text_in_parts_is_put_together() -> None:
    parts = [
        {"type": "text", "text": "Good "},
        {"type": "thinking", "thinking": []},
        {"type": "text", "text": "day"},
    ]

    assert answer(completion(content=parts)).output_text == "Good day"


@pytest.mark.parametrize("finish_reason", [None, "eos", "STOP"])
def test_a_text_with_an_end_nobody_knows_is_an_answer(finish_reason: str | None) -> None:
    assert answer(completion(finish_reason, content="done")).output_text == "done"


def test_a_cut_answer_is_incomplete_and_kept() -> None:
    failed = failure(completion("length", content="Once upon"))

    assert failed.code == "agent_incomplete"
    assert failed.answer
    assert failed.answer.output_text == "Once upon"


@pytest.mark.parametrize("finish_reason", ["stop", "content_filter"])
def test_a_refusal_is_no_success_and_its_text_is_kept(finish_reason: str) -> None:
    failed = failure(completion(finish_reason, content=None, refusal="No."))

    assert failed.code == "agent_refused"
    assert failed.message.endswith(": No.")
    assert failed.answer
    assert failed.answer.output_text == "No."
    assert failed.answer.output[0]["content"] == [{"type": "refusal", "refusal": "No."}]


def test_a_filtered_answer_without_words_is_refused() -> None:
    assert failure(completion("content_filter", content=None)).code == "agent_refused"


@pytest.mark.parametrize(
    ("finish_reason", "content"), [("tool_calls", None), ("tool_calls", "Let me look"), ("stop", "")]
)
def test_a_pending_call_of_a_tool_is_no_success(finish_reason: str, content: str | None) -> None:
    failed = failure(completion(finish_reason, content=content, tool_calls=[CALL]))

    assert failed.code == "agent_awaits_tool"
    assert failed.answer
    assert failed.answer.output[-1] == {
        "type": "function_call",
        "call_id": "call_1",
        "name": "search",
        "arguments": '{"q": 1}',
    }


def test_counts_have_the_names_of_the_responses_api() -> None:
    usage = {
        "prompt_tokens": 11,
        "completion_tokens": 7,
        "total_tokens": 18,
        "prompt_tokens_details": {"cached_tokens": 3, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }

    assert usage_of(usage) == {
        "input_tokens": 11,
        "output_tokens": 7,
        "total_tokens": 18,
        "input_tokens_details": {"cached_tokens": 3},
        "output_tokens_details": {"reasoning_tokens": 5},
    }


@pytest.mark.parametrize("usage", [None, {}, [], "7", {"prompt_tokens": "7"}, {"prompt_tokens": True}])
def test_counts_that_are_none_are_left_out(usage: Any) -> None:
    assert usage_of(usage) is None


@pytest.mark.parametrize(
    "document", [{}, {"choices": []}, {"choices": None}, {"choices": ["x"]}, {"output": []}]
)
def test_a_document_without_choices_is_no_completion(document: dict[str, Any]) -> None:
    assert not is_completion(document)


def streamed(*chunks: Any) -> StreamedCompletion:
    completion = StreamedCompletion(max_chars=100)
    for chunk in chunks:
        completion.take(chunk)
    return completion


def chunk(delta: dict[str, Any], finish_reason: str | None = None, index: int = 0) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "model": "gpt",
        "choices": [{"index": index, "delta": delta, "finish_reason": finish_reason}],
    }


def test_the_chunks_of_a_stream_make_a_whole_completion() -> None:
    chunks = [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Good "}),
        chunk({"content": "another choice"}, index=1),
        chunk({"content": "morning"}),
        chunk({}, "stop"),
        {"id": "chatcmpl-1", "choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 3}},
    ]

    given = answer(streamed(*chunks).document())

    assert given.output_text == "Good morning"
    assert given.usage == {"input_tokens": 2, "output_tokens": 3}
    assert given.model == "gpt"


def test_a_call_of_a_tool_comes_in_pieces() -> None:
    first = {"index": 0, "id": "call_1", "function": {"name": "search", "arguments": ""}}
    chunks = [
        chunk({"tool_calls": [first]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"q"'}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]}),
        chunk({}, "tool_calls"),
    ]

    failed = failure(streamed(*chunks).document())

    assert failed.code == "agent_awaits_tool"
    assert failed.answer
    assert failed.answer.output == [
        {"type": "function_call", "call_id": "call_1", "name": "search", "arguments": '{"q": 1}'}
    ]


def test_a_refusal_comes_in_pieces() -> None:
    failed = failure(streamed(chunk({"refusal": "N"}), chunk({"refusal": "o."}, "stop")).document())

    assert failed.code == "agent_refused"
    assert failed.answer
    assert failed.answer.output_text == "No."


def test_a_stream_that_only_stops_is_not_whole() -> None:
    assert not streamed(chunk({"content": "Good "})).is_whole
    assert streamed(chunk({"content": "Good "}), chunk({}, "stop")).is_whole


def test_an_error_in_a_stream_is_kept() -> None:
    error = {"message": "overloaded", "code": "server_error"}

    assert streamed(chunk({"content": "Good "}), {"error": error}).document()["error"] == error


@pytest.mark.parametrize(
    "delta",
    [{"content": "x" * 11}, {"refusal": "x" * 11}, {"tool_calls": [{"function": {"arguments": "x" * 11}}]}],
)
def test_a_stream_longer_than_allowed_is_given_up(delta: dict[str, Any]) -> None:
    with pytest.raises(CallFailed) as failed:
        streamed(*[chunk(delta)] * 10)

    assert failed.value.code == "response_too_large"


@pytest.mark.parametrize("odd", [{"choices": 5}, {"choices": [5]}, {"choices": [{"delta": "x"}]}])
def test_a_chunk_that_is_none_is_passed_over(odd: dict[str, Any]) -> None:
    assert answer(streamed(odd, chunk({"content": "day"}, "stop")).document()).output_text == "day"


def test_a_call_of_a_tool_that_is_none_is_passed_over() -> None:
    odd = {"tool_calls": [5, {"index": {}, "id": 5, "function": "x"}], "content": 7}

    assert failure(streamed(chunk(odd, "tool_calls")).document()).code == "agent_awaits_tool"
