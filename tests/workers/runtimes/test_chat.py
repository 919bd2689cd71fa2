"""The chat runtime at a chat-completions server: what it sends, what it reads, and what it refuses at save."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.agent_server import Behaviour
from tests.workers.runtimes.drivers.chat import ChatDriver
from tests.workers.runtimes.factories import make_call, never
from workers.runtimes import AgentCall, Answer, CallFailed, PayloadRefused, runtime_for

runtime = runtime_for("chat")


@pytest.fixture
def chat() -> Iterator[ChatDriver]:
    with ChatDriver() as driver:
        yield driver


def answer(chat: ChatDriver, call: AgentCall | None = None, **settings: Any) -> Answer:
    return runtime.call(call or make_call(), chat.endpoint(**settings), never)


def failure(chat: ChatDriver, **settings: Any) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        answer(chat, **settings)
    return failed.value


def body(chat: ChatDriver) -> dict[str, Any]:
    sent: dict[str, Any] = chat.calls()[-1]["body"]
    return sent


def completion(finish_reason: str, **message: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "finish_reason": finish_reason, "message": message}]}


def test_a_text_is_one_message_of_the_user(chat: ChatDriver) -> None:
    call = make_call(metadata={"team": "a"}, memory_entity_id="user-1", agent_tag="v2")

    answer(chat, call)

    assert body(chat) == {
        "model": "agent/digest@v2",
        "messages": [{"role": "user", "content": "Good morning, Ada"}],
    }
    assert chat.calls()[0]["path"] == "/v1/chat/completions"


def test_messages_keep_their_roles_texts_and_images(chat: ChatDriver) -> None:
    items: list[Any] = [
        {"role": "developer", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "For {{name}}: what is this?"},
                {"type": "input_image", "image_url": "https://host/a.png", "detail": "low"},
                {"type": "input_image", "image_url": "data:image/png;base64,aGk="},
            ],
        },
    ]

    answer(chat, make_call(input=items))

    assert body(chat)["messages"] == [
        {"role": "developer", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "For Ada: what is this?"},
                {"type": "image_url", "image_url": {"url": "https://host/a.png", "detail": "low"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
            ],
        },
    ]


def test_the_agents_settings_are_sent(chat: ChatDriver) -> None:
    extra = {"instructions": "You are a butler.", "temperature": 0.5}

    answer(chat, model="gpt-4o", extra_body=extra)

    assert body(chat) == {
        "model": "gpt-4o",
        "temperature": 0.5,
        "messages": [
            {"role": "system", "content": "You are a butler."},
            {"role": "user", "content": "Good morning, Ada"},
        ],
    }
    assert extra == {"instructions": "You are a butler.", "temperature": 0.5}


def test_the_answer_has_its_id_model_and_counts(chat: ChatDriver) -> None:
    given = answer(chat, model="gpt-4o")

    assert given.response_id
    assert given.response_id.startswith("chatcmpl-")
    assert given.model == "gpt-4o"
    assert given.usage == {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}


def test_a_stream_is_asked_for_and_put_together(chat: ChatDriver) -> None:
    given = answer(chat, stream=True)

    assert body(chat)["stream"] is True
    assert given.output_text == "Good morning, Ada"
    assert given.usage == {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}
    assert given.response_id


def test_a_server_that_cannot_count_in_a_stream_need_not(chat: ChatDriver) -> None:
    given = answer(chat, stream=True, extra_body={"stream_options": None})

    assert given.output_text == "Good morning, Ada"
    assert given.usage is None


def test_a_stream_is_read_though_nobody_asked_for_it(chat: ChatDriver) -> None:
    chunk = {"id": "x", "choices": [{"delta": {"content": "hi"}, "finish_reason": "stop"}]}
    events = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
    chat.script(Behaviour(body=events, headers={"Content-Type": "text/event-stream"}))

    assert answer(chat).output_text == "hi"


def test_a_document_is_read_though_a_stream_was_asked_for(chat: ChatDriver) -> None:
    whole = completion("stop", content="hi")
    chat.script(Behaviour(body=json.dumps(whole)))

    assert answer(chat, stream=True).output_text == "hi"


def test_a_stream_that_is_cut_is_no_answer(chat: ChatDriver) -> None:
    chunk = {"id": "x", "choices": [{"delta": {"content": "half of"}}]}
    chat.script(
        Behaviour(body=f"data: {json.dumps(chunk)}\n\n", headers={"Content-Type": "text/event-stream"})
    )

    failed = failure(chat, stream=True)

    assert (failed.code, failed.is_retryable) == ("agent_unreachable", True)


def test_an_error_in_a_stream_is_told_in_the_agents_words(chat: ChatDriver) -> None:
    chunk = {"id": "x", "choices": [{"delta": {"content": "half of"}}]}
    error = {"error": {"code": "server_error", "message": "The model has crashed"}}
    events = f"data: {json.dumps(chunk)}\n\ndata: {json.dumps(error)}\n\n"
    chat.script(Behaviour(body=events, headers={"Content-Type": "text/event-stream"}))

    failed = failure(chat, stream=True)

    assert (failed.code, failed.is_retryable) == ("agent_failed", True)
    assert "The model has crashed" in failed.message


@pytest.mark.parametrize(
    ("merge", "code"),
    [
        (completion("length", content="Once upon"), "agent_incomplete"),
        (completion("content_filter", content=None), "agent_refused"),
        (completion("stop", content=None, refusal="No."), "agent_refused"),
        (completion("tool_calls", content=None, tool_calls=[{"id": "1"}]), "agent_awaits_tool"),
    ],
)
def test_an_end_that_is_no_success_is_told_with_its_id_and_answer(
    chat: ChatDriver, merge: dict[str, Any], code: str
) -> None:
    chat.script(Behaviour(merge=merge))

    failed = failure(chat)

    assert (failed.code, failed.is_retryable) == (code, False)
    assert failed.response_id
    assert failed.answer


def test_an_error_under_success_is_a_failure(chat: ChatDriver) -> None:
    chat.script(Behaviour(merge={"error": {"code": 429, "message": "Rate limit exceeded"}}))

    failed = failure(chat)

    assert (failed.code, failed.is_retryable) == ("agent_failed", True)
    assert "Rate limit exceeded" in failed.message


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ('{"output": [], "status": "completed"}', "it looks like a response document"),
        ('{"jsonrpc": "2.0", "result": {}}', "it looks like JSON-RPC"),
        ('{"choices": []}', "no chat completion"),
        ("{}", "no chat completion"),
    ],
)
def test_an_answer_of_another_api_is_not_taken_for_one(chat: ChatDriver, body: str, hint: str) -> None:
    chat.script(Behaviour(body=body))

    failed = failure(chat)

    assert (failed.code, failed.is_retryable) == ("invalid_response", False)
    assert hint in failed.message


def test_odd_parts_beside_the_point_cost_nothing(chat: ChatDriver) -> None:
    deep = '{"a": ' * 200 + "NaN" + "}" * 200
    choice = '{"index": 0, "finish_reason": "stop", "message": {"content": "hi"}}'
    chat.script(Behaviour(body=f'{{"choices": [{choice}], "x_debug": {deep}, "scores": [NaN, 1e999]}}'))

    assert answer(chat).output_text == "hi"


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ({"input": [{"type": "function_call_output", "output": "x"}]}, r"input\[0\] is not a message"),
        ({"input": []}, "must hold a text or a message"),
        (
            {"input": "Use {{token}}", "variables": {"token": {"secret": True, "value": "********"}}},
            "names the secret variable 'token'",
        ),
        ({"input": "{{big}}" * 1000, "variables": {"big": "x" * 1001}}, "more than 1,000,000 characters"),
    ],
)
def test_what_cannot_be_sent_is_refused_at_save_and_fails_a_run(
    chat: ChatDriver, payload: dict[str, Any], why: str
) -> None:
    with pytest.raises(PayloadRefused, match=why) as refusal:
        runtime.check(payload, "")
    with pytest.raises(CallFailed, match=why) as failed:
        answer(chat, make_call(**payload))

    assert refusal.value.param == "payload.input"
    assert failed.value.code == "invalid_endpoint"
    assert chat.calls() == []
