"""The runtime that needs no agent: it answers with the rendered input.

It makes a demonstration true on a machine without any model, and tests of everything around it quick.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from workers.runtimes.base import AgentCall, Answer, CallAborted, CallFailed, Endpoint, Needs
from workers.runtimes.filling import plain_variables
from workers.runtimes.rendering import RenderingTooLarge, render_items


class EchoRuntime:
    """Answers with the input, its variables filled in. No tokens are spent, so none are reported."""

    name = "echo"
    needs = Needs("Echo (renders the input, calls nobody)", has_address=False)

    def check(self, payload: Mapping[str, Any], dialect: str) -> None:
        """Nothing is refused."""

    def call(self, call: AgentCall, endpoint: Endpoint, should_abort: Callable[[], bool]) -> Answer:
        """The rendered input as one assistant message; the same call gives the same answer."""
        if should_abort():
            raise CallAborted
        text = text_of(_rendered(call, endpoint.max_response_bytes))
        return Answer(
            response_id=f"echo_{call.run_id}",
            output=[_message(call.run_id, text)],
            output_text=text,
            usage=None,
            trace_id=None,
            span_id=None,
        )


def text_of(value: Any) -> str:
    """What a reader would see of an input: a string, or the texts of its items, one per line.

    An item's text is its `content` or `text`; an item without either (an image, say) is shown as JSON.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(text_of(item) for item in value)
    if isinstance(value, dict) and (inner := value.get("content", value.get("text"))) is not None:
        return text_of(inner)
    return json.dumps(value, ensure_ascii=False)


def _rendered(call: AgentCall, limit: int) -> Any:
    try:
        return render_items(call.input, plain_variables(call.variables), limit)
    except RenderingTooLarge as error:
        raise CallFailed("response_too_large", f"{error}: more than {limit} characters") from None


def _message(run_id: str, text: str) -> dict[str, Any]:
    return {
        "id": f"msg_{run_id}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }
