"""Answers in other wrappings: event streams, compressed bodies, other charsets."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.agent_server import AgentServer, Behaviour, long_id
from tests.workers.runtimes.factories import after, make_call, make_endpoint, never
from tests.workers.runtimes.raw_server import speaking
from workers.runtimes import Answer, CallAborted, CallFailed, polling, runtime_for

DOCUMENT = {
    "id": "resp_1",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "grün"}]}],
}


def http(body: bytes, *headers: str, is_whole: bool = True) -> bytes:
    length = [f"Content-Length: {len(body)}"] if is_whole else []
    head = "\r\n".join(["HTTP/1.1 200 OK", "Connection: close", *length, *headers])
    return f"{head}\r\n\r\n".encode() + body


def events(*messages: Any, end: str = "\n\n") -> bytes:
    return "".join(f"data: {json.dumps(message)}{end}" for message in messages).encode()


def streamed(body: bytes, *, is_whole: bool = True) -> bytes:
    return http(body, "Content-Type: text/event-stream; charset=utf-8", is_whole=is_whole)


def answer_to(said: bytes, *, hang_up: bool = False, **endpoint: Any) -> Answer:
    with speaking(said, hang_up=hang_up) as url:
        return runtime_for("responses").call(make_call(), make_endpoint(url, **endpoint), never)


def failure_at(said: bytes, *, hang_up: bool = False, **endpoint: Any) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        answer_to(said, hang_up=hang_up, **endpoint)
    return failed.value


@pytest.mark.parametrize("is_asked_for", [True, False])
def test_a_stream_is_read_to_its_final_event_asked_for_or_not(agent: AgentServer, is_asked_for: bool) -> None:
    agent.script("digest", Behaviour(events=True))
    endpoint = make_endpoint(agent.url, stream=is_asked_for)

    answer = runtime_for("responses").call(make_call(run_id="01RUN"), endpoint, never)

    assert answer.output_text == "Good morning, Ada"
    assert answer.response_id == long_id("01RUN")


def test_a_stream_that_goes_on_after_its_final_event_is_not_waited_for() -> None:
    body = events({"type": "response.completed", "response": DOCUMENT}) + b": keep-alive\n\n"

    assert answer_to(streamed(body, is_whole=False)).output_text == "grün"


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r"])
def test_events_may_be_named_commented_and_cut_in_every_way(end: str) -> None:
    line = end[: len(end) // 2]
    message = json.dumps({"type": "response.completed", "response": DOCUMENT}, indent=1)
    first = f"\ufeff: hello{end}event: ping{line}id: 7{end}"
    last = (
        f"event: response.completed{line}retry: 1{line}data:{message.replace(chr(10), f'{line}data:')}{end}"
    )

    assert answer_to(streamed((first + last).encode())).output_text == "grün"


def test_a_chunked_and_compressed_stream_is_read() -> None:
    packed = gzip.compress(events({"type": "response.completed", "response": DOCUMENT}))
    chunks = b"".join(b"%x\r\n%b\r\n" % (1, packed[n : n + 1]) for n in range(len(packed))) + b"0\r\n\r\n"
    said = http(
        chunks,
        "Transfer-Encoding: chunked",
        "Content-Encoding: gzip",
        "Content-Type: text/event-stream",
        is_whole=False,
    )

    assert answer_to(said).output_text == "grün"


@pytest.mark.parametrize(
    ("message", "code", "is_retryable"),
    [
        (
            {"type": "response.failed", "response": {"status": "failed", "error": {"code": "server_error"}}},
            "agent_failed",
            True,
        ),
        (
            {"type": "response.failed", "response": {"status": "failed", "error": {"code": "bad_prompt"}}},
            "agent_failed",
            False,
        ),
        ({"type": "response.incomplete", "response": {"status": "incomplete"}}, "agent_incomplete", False),
        ({"type": "error", "code": "rate_limit_exceeded", "message": "later"}, "agent_failed", True),
        ({"type": "error", "error": {"code": "no", "message": "never"}}, "agent_failed", False),
        ({"error": {"code": 429, "message": "later"}}, "agent_failed", True),
    ],
)
def test_a_stream_may_end_badly(message: dict[str, Any], code: str, is_retryable: bool) -> None:
    created = {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}}

    failure = failure_at(streamed(events(created, message)))

    assert (failure.code, failure.is_retryable) == (code, is_retryable)
    assert failure.response_id == "resp_1"


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_stream_that_ends_early_is_a_broken_connection(is_whole: bool) -> None:
    created = {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}}
    delta = {"type": "response.output_text.delta", "delta": '"response.completed"'}

    failure = failure_at(streamed(events(created, delta), is_whole=is_whole), hang_up=True)

    assert (failure.code, failure.is_retryable) == ("agent_unreachable", True)
    assert failure.message == "the agent's stream ended before its answer did"
    assert failure.response_id == "resp_1"


def test_work_in_the_background_is_asked_for_when_its_stream_breaks(
    agent: AgentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "FIRST_POLL_SECONDS", 0.05)
    created = {"type": "response.created", "response": {"id": "resp_1", "status": "queued"}}
    cut = Behaviour(body=events(created).decode(), headers={"Content-Type": "text/event-stream"})
    agent.script("digest", cut)
    agent.keep({**DOCUMENT, "id": "resp_1"}, ())
    endpoint = make_endpoint(agent.url, background=True, stream=True)

    answer = runtime_for("responses").call(make_call(), endpoint, never)

    assert answer.output_text == "grün"
    assert (len(agent.calls()), len(agent.calls(method="GET"))) == (1, 1)


@pytest.mark.parametrize(("background", "name"), [(True, "resp_1"), (False, None)])
def test_an_aborted_stream_names_its_work_only_where_that_goes_on_without_it(
    background: bool, name: str | None
) -> None:
    created = {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}}

    with speaking(streamed(events(created), is_whole=False)) as url:
        endpoint = make_endpoint(url, stream=True, background=background)
        with pytest.raises(CallAborted) as aborted:
            runtime_for("responses").call(make_call(), endpoint, after(0.7))

    assert aborted.value.response_id == name


def test_the_stream_of_another_api_is_told_by_its_looks() -> None:
    body = (
        events({"object": "chat.completion.chunk", "choices": [{"delta": {"content": "Hi"}}]})
        + b"data: [DONE]\n\n"
    )

    failure = failure_at(streamed(body))

    assert failure.code == "invalid_response"
    assert "runtime chat" in failure.message


def test_a_long_stream_may_be_much_larger_than_its_answer_but_no_event_may() -> None:
    delta = {"type": "response.output_text.delta", "delta": "x"}
    long = events(*[delta] * 2000, {"type": "response.completed", "response": DOCUMENT})

    assert len(long) > 50 * 2000
    assert answer_to(streamed(long), max_response_bytes=2000).output_text == "grün"
    failure = failure_at(streamed(events({"type": "x", "delta": "x" * 2000})), max_response_bytes=2000)
    assert failure.code == "response_too_large"


def test_a_stream_without_end_is_cut_off() -> None:
    delta = events({"type": "response.output_text.delta", "delta": "x" * 900})

    assert failure_at(streamed(delta * 600), max_response_bytes=2000).code == "response_too_large"
    assert failure_at(streamed(b": " + b"x" * 3000), max_response_bytes=2000).code == "response_too_large"


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_answer_is_read_although_none_was_asked_for(
    coding: str, pack: Callable[[bytes], bytes]
) -> None:
    body = pack(json.dumps(DOCUMENT).encode())

    assert answer_to(http(body, f"Content-Encoding: {coding}")).output_text == "grün"


def test_the_cap_counts_what_comes_out_of_a_compressed_answer() -> None:
    document = {**DOCUMENT, "instructions": "x" * 100_000}
    body = gzip.compress(json.dumps(document).encode())

    assert answer_to(http(body, "Content-Encoding: gzip"), max_response_bytes=110_000).output_text == "grün"
    assert (
        failure_at(http(body, "Content-Encoding: gzip"), max_response_bytes=100_000).code
        == "response_too_large"
    )


@pytest.mark.parametrize(
    ("body", "coding"),
    [(b"not packed", "gzip"), (gzip.compress(b"{}")[:-3], "gzip"), (b"{}", "br"), (b"{}", "zstd")],
)
def test_a_compressed_answer_that_cannot_be_read_is_final(body: bytes, coding: str) -> None:
    failure = failure_at(http(body, f"Content-Encoding: {coding}"))

    assert (failure.code, failure.is_retryable) == ("invalid_response", False)
    assert "compressed" in failure.message


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_an_answer_is_read_in_its_charset(charset: str) -> None:
    body = json.dumps(DOCUMENT, ensure_ascii=False).encode(charset)

    assert answer_to(http(body, f"Content-Type: application/json; charset={charset}")).output_text == "grün"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", "runtime webhook"),
        (http(b"OK", "Content-Type: text/plain"), "runtime webhook"),
        (http(b'{"accepted": true}', "Content-Type: application/json"), "runtime webhook"),
        (http(b'{"object": "chat.completion", "choices": []}'), "runtime chat"),
        (
            http(b'{"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "Method not found"}}'),
            "runtime a2a",
        ),
    ],
)
def test_an_answer_that_is_no_response_says_what_it_looks_like(said: bytes, words: str) -> None:
    failure = failure_at(said)

    assert (failure.code, failure.is_retryable) == ("invalid_response", False)
    assert words in failure.message


def test_an_answer_with_an_image_is_taken_when_the_agents_cap_allows_it() -> None:
    image = {"type": "image_generation_call", "result": "A" * 2_000_000}
    body = json.dumps({**DOCUMENT, "output": [image, *DOCUMENT["output"]]}).encode()

    assert answer_to(http(body), max_response_bytes=4_000_000).output_text == "grün"
    assert failure_at(http(body), max_response_bytes=1_000_000).code == "response_too_large"
