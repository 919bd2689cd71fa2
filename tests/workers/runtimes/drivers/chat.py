"""A chat-completions server whose model says what its user said."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from tests.agent_server import Behaviour
from tests.workers.runtimes.drivers.served import ProtocolHandler, ServedDriver

USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


class ChatHandler(ProtocolHandler):
    """As OpenAI's: unknown members are refused, and counts of a stream have to be asked for."""

    KNOWN = frozenset({"model", "messages", "stream", "stream_options", "temperature", "tools"})

    def answer(self, behaviour: Behaviour, body: dict[str, Any]) -> None:
        if unknown := set(body) - self.KNOWN:
            error = {"code": "unknown_parameter", "message": f"Unknown parameter: {sorted(unknown)}"}
            return self.send(400, json.dumps({"error": error}).encode())
        head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": 1795900989, "model": body["model"]}
        text = "\n".join(text for message in body["messages"] for text in _texts(message))
        if body.get("stream"):
            has_usage = (body.get("stream_options") or {}).get("include_usage")
            return self.send_events(*_events({**head, **behaviour.merge}, text, USAGE if has_usage else None))
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return self.send_json(
            {**head, "object": "chat.completion", "choices": [choice], "usage": USAGE, **behaviour.merge}
        )


def _texts(message: dict[str, Any]) -> Iterator[str]:
    """What the user said."""
    if message["role"] != "user":
        return
    parts = message["content"] if isinstance(message["content"], list) else [{"text": message["content"]}]
    yield from (part["text"] for part in parts if "text" in part)


def _events(head: dict[str, Any], text: str, usage: dict[str, int] | None) -> Iterator[str]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": text[start : start + 3]} for start in range(0, len(text), 3)]
    for delta in deltas:
        yield _chunk(head, [{"index": 0, "delta": delta, "finish_reason": None}])
    yield _chunk(head, [{"index": 0, "delta": {}, "finish_reason": "stop"}])
    if usage:
        yield _chunk({**head, "usage": usage}, [])
    yield "[DONE]"


def _chunk(head: dict[str, Any], choices: list[dict[str, Any]]) -> str:
    return json.dumps({**head, "object": "chat.completion.chunk", "choices": choices})


class ChatDriver(ServedDriver):
    handler = ChatHandler
    settings = {"path": "/v1/chat/completions"}
