"""Read what a chat-completions server answers: a whole completion, or the chunks of one.

https://platform.openai.com/docs/api-reference/chat. What it means for a run (contract.md, "Calling an agent"): a
completion with only a refusal or a pending tool call is no success.
"""

from collections.abc import Iterator
from typing import Any

from workers.runtimes.base import Answer, CallFailed
from workers.runtimes.documents import Reads, Redact
from workers.runtimes.redaction import quoted

READS = Reads(
    members=frozenset({"id", "model", "choices", "usage", "error"}),
    answer=frozenset({"choices", "message", "delta", "content", "tool_calls", "function", "usage", "error"}),
)
"""What is read of a completion, or of a chunk of one."""

USAGE = {
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "total_tokens": "total_tokens",
}
"""The Responses API's names for a completion's counts."""

USAGE_DETAILS = {
    "input_tokens_details": ("prompt_tokens_details", "cached_tokens"),
    "output_tokens_details": ("completion_tokens_details", "reasoning_tokens"),
}

COSTS = ("total_cost", "cost")
"""What gateways say a completion has cost, in dollars."""

AWAITS_TOOL = ("agent_awaits_tool", "the agent waits for the result of a tool")
REFUSED = ("agent_refused", "the agent refused")
ENDINGS = {
    "length": ("agent_incomplete", "the agent stopped early: length"),
    "content_filter": ("agent_refused", "a content filter stopped the agent's answer"),
    "tool_calls": AWAITS_TOOL,
    "function_call": AWAITS_TOOL,
}
"""The reason and the words for each `finish_reason` that ends a run without success."""


def is_completion(document: dict[str, Any]) -> bool:
    """Whether the document has a choice, as every completion has."""
    return bool(_objects(document.get("choices")))


def answer_of_completion(document: dict[str, Any], response_id: str | None, redact: Redact) -> Answer:
    """The answer in the first choice of a completion (`is_completion`).

    Raises `CallFailed`: agent_incomplete (cut by its length), agent_refused, agent_awaits_tool, each with what was
    said until then. All are final: the agent did run, and would end so again.
    """
    choice = _objects(document["choices"])[0]
    message = _object(choice.get("message"))
    text, refusal = _text_of(message.get("content")), _text_of(message.get("refusal"))
    calls = list(_tool_calls(message))
    answer = _answer(document, response_id, text, refusal, calls)
    ending = ENDINGS.get(str(choice.get("finish_reason")))
    if ending is None and not text:
        ending = AWAITS_TOOL if calls else REFUSED if refusal else None
    if ending:
        code, reason = ending
        words = f": {redact(quoted(refusal))}" if refusal else ""
        raise CallFailed(code, f"{reason}{words}", response_id=response_id, answer=answer)
    return answer


class StreamedCompletion:
    """Puts the chunks of a stream together: the first choice as far as it has come.

    Raises `CallFailed` (response_too_large) when its texts have more than `max_chars` characters.
    """

    def __init__(self, max_chars: int) -> None:
        self._room = max_chars
        self._head: dict[str, Any] = {}
        self._texts: dict[str, list[str]] = {"content": [], "refusal": []}
        self._calls: dict[str, dict[str, Any]] = {}
        self._finish_reason: Any = None

    def take(self, chunk: dict[str, Any]) -> None:
        """The next chunk, or what a server sends in its place: an error is kept in the document."""
        names = ("id", "model", "usage", "error")
        self._head |= {name: chunk[name] for name in names if chunk.get(name) is not None}
        for choice in _objects(chunk.get("choices")):
            if choice.get("index", 0) == 0:
                self._take(choice)

    @property
    def is_whole(self) -> bool:
        """Whether its end has been told: a stream that only stops may have been cut."""
        return self._finish_reason is not None

    def document(self) -> dict[str, Any]:
        """The completion, as a server that does not stream would have sent it."""
        texts = {name: "".join(pieces) or None for name, pieces in self._texts.items()}
        message = {**texts, "tool_calls": list(self._calls.values())}
        return {**self._head, "choices": [{"message": message, "finish_reason": self._finish_reason}]}

    def _take(self, choice: dict[str, Any]) -> None:
        delta = _object(choice.get("delta"))
        for name, pieces in self._texts.items():
            pieces.append(self._fit(_text_of(delta.get(name))))
        for piece in _objects(delta.get("tool_calls")):
            self._take_call(piece)
        self._finish_reason = choice.get("finish_reason") or self._finish_reason

    def _take_call(self, piece: dict[str, Any]) -> None:
        place, empty = str(piece.get("index", 0)), {"id": None, "function": {"name": "", "arguments": ""}}
        call = self._calls.setdefault(self._fit(place), empty)
        call["id"] = call["id"] or piece.get("id")
        function = _object(piece.get("function"))
        for name in call["function"]:
            call["function"][name] += self._fit(_text_of(function.get(name)))

    def _fit(self, text: str) -> str:
        self._room -= len(text)
        if self._room < 0:
            raise CallFailed("response_too_large", "the agent streams a longer answer than it may")
        return text


def _answer(
    document: dict[str, Any], response_id: str | None, text: str, refusal: str, calls: list[dict[str, Any]]
) -> Answer:
    """Output in the form of the Responses API, so that whoever reads it need not know which runtime it came by."""
    parts = [{"type": "output_text", "text": text}] if text else []
    parts += [{"type": "refusal", "refusal": refusal}] if refusal else []
    messages = [{"type": "message", "role": "assistant", "content": parts}] if parts else []
    model = document.get("model")
    return Answer(
        response_id=response_id,
        output=[*messages, *calls],
        output_text=text or refusal,
        usage=usage_of(document.get("usage")),
        trace_id=None,
        span_id=None,
        model=model if isinstance(model, str) else None,
    )


def usage_of(usage: Any) -> dict[str, Any] | None:
    """A completion's counts under the names of the Responses API; None where it counts nothing."""
    counted = _object(usage)
    counts: dict[str, Any] = {
        name: counted[theirs] for name, theirs in USAGE.items() if _is_count(counted.get(theirs))
    }
    for name, (group, theirs) in USAGE_DETAILS.items():
        if _is_count(count := _object(counted.get(group)).get(theirs)):
            counts[name] = {theirs: count}
    counts |= {name: counted[name] for name in COSTS if _is_amount(counted.get(name))}
    return counts or None


def _tool_calls(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Calls of tools as the Responses API writes them."""
    for call in _objects(message.get("tool_calls")):
        function = _object(call.get("function"))
        members = {
            "call_id": call.get("id"),
            "name": function.get("name"),
            "arguments": function.get("arguments"),
        }
        yield {"type": "function_call"} | {
            name: text for name, text in members.items() if isinstance(text, str)
        }


def _text_of(content: Any) -> str:
    """A content's text: a string, or the text parts of a list, as some servers answer."""
    if isinstance(content, str):
        return content
    texts = (part.get("text") for part in _objects(content))
    return "".join(text for text in texts if isinstance(text, str))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _objects(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
