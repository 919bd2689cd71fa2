"""The runtime that calls a chat-completions server (`/v1/chat/completions`): OpenAI's, or one of the many like it.

The input becomes messages, with its variables filled in. There is no place for metadata or a memory, so neither is
sent. A streamed answer is put together from its chunks.
"""

from collections.abc import Callable, Mapping
from typing import Any

from workers.runtimes.answers import response_id_of
from workers.runtimes.base import MODEL, AgentCall, Answer, CallFailed, Endpoint, Needs
from workers.runtimes.completions import READS, StreamedCompletion, answer_of_completion, is_completion
from workers.runtimes.documents import document_of
from workers.runtimes.filling import filled_input, model_of, refuse_secrets_in_input, sendable
from workers.runtimes.http.event_stream import Event
from workers.runtimes.input_items import Image, Message, messages_of
from workers.runtimes.line import AgentLine, agent_line
from workers.runtimes.told_errors import raise_told_error

END_OF_STREAM = b"[DONE]"


class ChatRuntime:
    """Calls `POST {base_url}{path}` with messages and reads the completion that comes back."""

    name = "chat"
    needs = Needs("Chat completions over HTTP", has_address=True, default_path="/v1/chat/completions")

    def check(self, payload: Mapping[str, Any], dialect: str) -> None:
        """Refuse an input that is not made of messages with texts and images, and one that names a secret."""
        _messages(payload.get("input"), payload.get("variables") or {})

    def call(self, call: AgentCall, endpoint: Endpoint, should_abort: Callable[[], bool]) -> Answer:
        """One attempt: one request, whose answer ends it."""
        with sendable():
            body = body_of(call, endpoint)
        call.observe(MODEL, body["model"])
        with agent_line(call, endpoint, should_abort) as line:
            document = _completion(line, body)
            raise_told_error(document, line.redact)
            if not is_completion(document):
                raise CallFailed(
                    "invalid_response", f"the answer is no chat completion{_other_api(document)}"
                )
            return answer_of_completion(document, response_id_of(document), line.redact)


def body_of(call: AgentCall, endpoint: Endpoint) -> dict[str, Any]:
    """The request. Counts of a streamed answer have to be asked for; `extra_body` may take that back."""
    extra = dict(endpoint.extra_body)
    instructions = extra.pop("instructions", None)
    messages = _messages(call.input, call.variables)
    if isinstance(instructions, str):
        messages.insert(0, {"role": "system", "content": instructions})
    sent = {**extra, "model": model_of(call, endpoint), "messages": messages}
    if endpoint.stream:
        return {"stream_options": {"include_usage": True}, **sent, "stream": True}
    return sent


def _messages(value: Any, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The input as messages. Raises `PayloadRefused`."""
    refuse_secrets_in_input(value, variables)
    return [_message(message) for message in messages_of(filled_input(value, variables))]


def _message(message: Message) -> dict[str, Any]:
    """A single text goes out as a string: there are servers that take nothing else."""
    match message.parts:
        case (str(text),):
            return {"role": message.role, "content": text}
    return {"role": message.role, "content": [_part(part) for part in message.parts]}


def _part(part: str | Image) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    detail = {"detail": part.detail} if part.detail else {}
    return {"type": "image_url", "image_url": {"url": part.url, **detail}}


def _completion(line: AgentLine, body: dict[str, Any]) -> dict[str, Any]:
    """The completion, whether it comes as one document or in chunks."""
    stream = StreamedCompletion(line.endpoint.max_response_bytes)
    accept = {"Accept": "text/event-stream, application/json"} if line.endpoint.stream else {}
    reply = line.post(line.endpoint.path, body, accept, on_event=lambda event: _is_last(event, stream, line))
    if reply.media_type != "text/event-stream":
        return document_of(reply.body, line.redact, reply.content_type, READS)
    document = stream.document()
    if not stream.is_whole and "error" not in document:
        raise CallFailed(
            "agent_unreachable", "the agent's stream ended before its answer did", is_retryable=True
        )
    return document


def _is_last(event: Event, stream: StreamedCompletion, line: AgentLine) -> bool:
    """Counts come after the end of the text, so that only the stream's own mark ends it."""
    if event.data.strip() == END_OF_STREAM:
        return True
    stream.take(document_of(event.data, line.redact, reads=READS))
    return False


def _other_api(document: dict[str, Any]) -> str:
    """Whose answer it looks like."""
    if "output" in document:
        return "; it looks like a response document (runtime responses)"
    return "; it looks like JSON-RPC, as Agent2Agent speaks it (runtime a2a)" if "jsonrpc" in document else ""
