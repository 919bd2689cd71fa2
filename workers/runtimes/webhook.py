"""The runtime that tells any URL that a schedule has fired: a POST of the firing as JSON, by Standard Webhooks.

Whatever takes a webhook can be put on a cadence by it, without being an agent. Any 2xx is success: the receiver has
accepted. What it says besides is kept, be it text, JSON or nothing.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from workers.runtimes.base import AgentCall, Answer, CallFailed, Endpoint, Firing, Needs
from workers.runtimes.filling import filled_input, sendable
from workers.runtimes.http.call import BodyTooLarge, Reply
from workers.runtimes.http.charsets import text_of
from workers.runtimes.line import AgentLine, agent_line

EVENT = "schedule.fired"


class WebhookRuntime:
    """Calls `POST {base_url}` with the event `schedule.fired`."""

    name = "webhook"
    needs = Needs("Webhook (POSTs the firing to a URL)", has_address=True)

    def check(self, payload: Mapping[str, Any], dialect: str) -> None:
        """Refuse an input that its variables make too large; a receiver takes any other."""
        filled_input(payload.get("input"), payload.get("variables") or {})

    def call(self, call: AgentCall, endpoint: Endpoint, should_abort: Callable[[], bool]) -> Answer:
        """One attempt: one POST, whose status ends it."""
        with sendable():
            body = body_of(call)
        with agent_line(call, endpoint, should_abort) as line:
            return _delivered(line, {**endpoint.extra_body, **body})


def body_of(call: AgentCall) -> dict[str, Any]:
    """The event. It is made from the run only, so that every attempt sends the same; absent members are omitted."""
    firing = call.firing
    data = {
        "run_id": call.run_id,
        "agent_key": call.agent_key,
        "agent_tag": call.agent_tag,
        **(_firing(firing) if firing else {}),
        "input": filled_input(call.input, call.variables),
        "variables": call.variables or None,
        "metadata": call.metadata or None,
        "memory_entity_id": call.memory_entity_id,
    }
    members = {name: value for name, value in data.items() if value is not None}
    return {"type": EVENT, **({"timestamp": _instant(firing.due_at)} if firing else {}), "data": members}


def _firing(firing: Firing) -> dict[str, Any]:
    return {
        "schedule_id": firing.schedule_id,
        "display_name": firing.display_name,
        "generation": firing.generation,
        "trigger": firing.trigger,
        "fire_time": _instant(firing.fire_time) if firing.fire_time else None,
    }


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _delivered(line: AgentLine, body: dict[str, Any]) -> Answer:
    """What the receiver said to it. The base URL is the whole address, unless there is a path as well."""
    path = "" if line.endpoint.path == "/" else line.endpoint.path
    try:
        reply = line.post(path, body, {"Accept": "*/*"}, is_webhook=True)
    except BodyTooLarge as failure:  # accepted all the same
        line.call.note("answer_dropped", {"reason": failure.message})
        return _answer([], "")
    text = _text_of(reply)
    return _answer(_output(line, reply, text), text)


def _text_of(reply: Reply) -> str:
    """The body as text; nothing of a body that is none."""
    try:
        return text_of(reply.body, reply.content_type).replace("\x00", "\ufffd")
    except UnicodeDecodeError:
        return ""


def _output(line: AgentLine, reply: Reply, text: str) -> Any:
    """A JSON object as it is, any other text as a message."""
    try:
        return line.document(reply)
    except CallFailed:
        parts = [{"type": "output_text", "text": text}]
        return [{"type": "message", "role": "assistant", "content": parts}] if text else []


def _answer(output: Any, text: str) -> Answer:
    return Answer(None, output, text, usage=None, trace_id=None, span_id=None)
