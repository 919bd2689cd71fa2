"""Documents and events of OpenAI's Responses and Chat Completions APIs, for one turn of a model."""

import base64
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

Document = dict[str, Any]
ENDED: Final = ("completed", "failed", "incomplete", "cancelled")


@dataclass(frozen=True)
class Turn:
    """What comes of one request; by default the model repeats what it received: `received: <the input's text>`."""

    output: tuple[Document, ...] = ()
    """Items instead of that message; see `message`, `refused`, `function_call`, `approval_request`."""
    status: str = "completed"
    """Where it ends: completed, failed or incomplete."""
    error: Document | None = None
    """`{"code": "server_error", "message": …}` of a failed one."""
    finish_reason: str = "stop"
    """Of a chat completion: stop, length, content_filter, tool_calls."""
    polls: tuple[str, ...] = ("in_progress",)
    """The states that a background response shows to the first GETs; after them it has ended."""
    id: str = ""
    """The response's id; by default one as long as OpenAI's."""
    http_status: int = 200
    body: Any = None
    """Sent instead of the document: an error document, also under 200."""
    headers: dict[str, str] = field(default_factory=dict)
    """More headers, such as Retry-After."""
    delay: float = 0.0
    """Seconds before anything is sent."""
    event_pause: float = 0.0
    """Seconds after each event of a stream."""
    always_streams: bool = False
    """An event stream even to a plain POST."""
    compresses: bool = False
    """gzip, whatever was asked for."""


def message(*texts: str) -> Document:
    """An answer of one part for each text."""
    parts = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []} for text in texts]
    return _item("message", "msg", role="assistant", content=parts)


def refused(text: str) -> Document:
    """A message with nothing but a refusal."""
    return _item("message", "msg", role="assistant", content=[{"type": "refusal", "refusal": text}])


def function_call(name: str = "get_weather", arguments: str = '{"city":"Amsterdam"}') -> Document:
    """A call that somebody else must make."""
    return _item(
        "function_call", "fc", call_id=f"call_{secrets.token_hex(12)}", name=name, arguments=arguments
    )


def approval_request(name: str = "send_mail", arguments: str = "{}") -> Document:
    """A call of a tool on an MCP server that a person must allow."""
    item = _item("mcp_approval_request", "mcpr", server_label="mail", name=name, arguments=arguments)
    return {name: value for name, value in item.items() if name != "status"}


def _item(type_: str, prefix: str, **fields: Any) -> Document:
    return {"id": f"{prefix}_{secrets.token_hex(25)}", "type": type_, "status": "completed", **fields}


def response_id() -> str:
    """As OpenAI's: `resp_` and 50 hexadecimal digits."""
    return f"resp_{secrets.token_hex(25)}"


def encrypted_id() -> str:
    """As proxies make them: 473 characters, the last of them `=`."""
    return f"resp_{base64.b64encode(secrets.token_bytes(350)).decode()}"


def path_id() -> str:
    """With a slash in it."""
    return f"resp_agent/graph.{secrets.token_hex(2)}"


def response(turn: Turn, asked: Document, status: str) -> Document:
    """The response's document as it stands at `status`."""
    has_ended = status in ENDED
    output = list(turn.output) or [message(f"received: {text_of(asked.get('input'))}")]
    return {
        "id": turn.id or response_id(),
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "background": bool(asked.get("background")),
        "error": turn.error if status == "failed" else None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": asked.get("instructions"),
        "max_output_tokens": asked.get("max_output_tokens"),
        "metadata": asked.get("metadata") or {},
        "model": asked["model"],
        "output": output if has_ended and status not in ("failed", "cancelled") else [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": asked.get("store", True),
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": asked.get("tools") or [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": _usage("input_tokens", "output_tokens") if has_ended else None,
        "user": None,
    }


def response_events(document: Document) -> list[bytes]:
    """The events of a stream that ends with this document."""
    begun = document | {"status": "in_progress", "output": [], "usage": None, "error": None}
    events: list[Document] = [
        {"type": f"response.{state}", "response": begun} for state in ("created", "in_progress")
    ]
    for place, item in enumerate(document["output"]):
        events.extend(_item_events(place, item))
    events.append({"type": f"response.{document['status']}", "response": document})
    return [_event(event | {"sequence_number": number}, event["type"]) for number, event in enumerate(events)]


def _item_events(place: int, item: Document) -> Iterator[Document]:
    at = {"output_index": place}
    yield {
        "type": "response.output_item.added",
        "item": item | {"status": "in_progress", "content": []},
        **at,
    }
    for index, part in enumerate(item.get("content", [])):
        within = at | {"item_id": item["id"], "content_index": index}
        kind = part["type"]
        value = part.get("text", part.get("refusal"))
        yield {"type": "response.content_part.added", "part": part | {_value_name(kind): ""}, **within}
        for piece in _pieces(value):
            yield {"type": f"response.{kind}.delta", "delta": piece, **within}
        yield {"type": f"response.{kind}.done", _value_name(kind): value, **within}
        yield {"type": "response.content_part.done", "part": part, **within}
    yield {"type": "response.output_item.done", "item": item, **at}


def _value_name(kind: str) -> str:
    return "refusal" if kind == "refusal" else "text"


def _pieces(text: str) -> list[str]:
    return [text[start : start + 12] for start in range(0, len(text), 12)]


def _event(data: Document, name: str | None = None) -> bytes:
    lines = [f"event: {name}\n"] if name else []
    return "".join([*lines, f"data: {json.dumps(data)}\n\n"]).encode()


def completion(turn: Turn, asked: Document) -> Document:
    """A chat completion."""
    return {
        "id": f"chatcmpl-{secrets.token_hex(14)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": asked["model"],
        "choices": [
            {
                "index": 0,
                "message": _chat_message(turn, asked),
                "logprobs": None,
                "finish_reason": turn.finish_reason,
            }
        ],
        "usage": _usage("prompt_tokens", "completion_tokens"),
        "service_tier": "default",
    }


def _chat_message(turn: Turn, asked: Document) -> Document:
    said: Document = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
    for item in turn.output or (message(f"received: {text_of(asked['messages'])}"),):
        if item["type"] == "function_call":
            call = {"name": item["name"], "arguments": item["arguments"]}
            said.setdefault("tool_calls", []).append(
                {"id": item["call_id"], "type": "function", "function": call}
            )
        for part in item.get("content", []):
            name = "refusal" if part["type"] == "refusal" else "content"
            said[name] = (said[name] or "") + part.get("text", part.get("refusal", ""))
    return said


def completion_events(document: Document) -> list[bytes]:
    """The events of a stream that says the same."""
    head = {name: document[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    (choice,) = document["choices"]
    deltas: list[Document] = [{"role": "assistant", "content": ""}]
    for name in ("content", "refusal"):
        deltas.extend({name: piece} for piece in _pieces(choice["message"][name] or ""))
    chunks = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    chunks.append({"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]})
    return [*(_event(head | {"choices": [chunk]}) for chunk in chunks), b"data: [DONE]\n\n"]


def text_of(value: Any) -> str:
    """All text in an input or in messages, the last line last."""
    return "\n".join(_texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        yield from _texts(value.get("content", value.get("text")))


def _usage(asked: str, answered: str) -> Document:
    return {asked: 11, answered: 7, "total_tokens": 18}
