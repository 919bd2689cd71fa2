"""A runtime for parrots, which repeat what they hear: an example of a runtime in a package of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from workers.runtimes import AgentCall, Answer, CallFailed, Endpoint, Needs, PayloadRefused
from workers.runtimes.filling import filled_input
from workers.runtimes.input_items import messages_of
from workers.runtimes.line import agent_line


class ParrotRuntime:
    """POSTs `{"words": […]}` and is answered with `{"words": […]}`."""

    name = "parrot"
    needs = Needs("Parrot", has_address=True, default_path="/perch")

    def check(self, payload: Mapping[str, Any], dialect: str) -> None:
        """A parrot hears words only."""
        _words(payload.get("input"), payload.get("variables") or {})

    def call(self, call: AgentCall, endpoint: Endpoint, should_abort: Callable[[], bool]) -> Answer:
        """One attempt."""
        body = {**endpoint.extra_body, "words": _words(call.input, call.variables)}
        with agent_line(call, endpoint, should_abort) as line:
            document = line.document(line.post(endpoint.path, body))
        if not isinstance(words := document.get("words"), list):
            raise CallFailed("invalid_response", "that was no parrot")
        text = "\n".join(map(str, words))
        message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
        return Answer(None, [message], text, usage=None, trace_id=None, span_id=None)


def _words(value: Any, variables: Mapping[str, Any]) -> list[str]:
    parts = [part for message in messages_of(filled_input(value, dict(variables))) for part in message.parts]
    if not all(isinstance(part, str) for part in parts):
        raise PayloadRefused("a parrot sees no pictures", "payload.input")
    return [str(part) for part in parts]
