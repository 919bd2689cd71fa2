"""Fill in what is written in braces before it leaves: variables in an input's texts, the tag in a model's name.

For agents that fill in nothing themselves. Secret variables are never filled in here: where an agent cannot be sent
its secrets beside the input, an input that names one is refused when it is saved.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from workers.runtimes.base import AgentCall, CallFailed, Endpoint, PayloadRefused
from workers.runtimes.redaction import plain
from workers.runtimes.rendering import MAX_CHARS, PLACEHOLDER, RenderingTooLarge, render_items

_SHOWN = 60


def filled_input(value: Any, variables: Mapping[str, Any]) -> Any:
    """The input with the plain variables filled into its texts: a string, messages' text parts.

    Nothing else of it is looked at. Raises `PayloadRefused` when it grows beyond `MAX_CHARS`.
    """
    texts = list(_texts(value))
    whole = "".join(texts)
    if "{{" not in whole and len(whole) <= MAX_CHARS:
        return value
    try:
        rendered = render_items(texts, plain_variables(variables), MAX_CHARS)
    except RenderingTooLarge:
        message = f"payload.input with its variables filled in has more than {MAX_CHARS:,} characters"
        raise PayloadRefused(message, "payload.input") from None
    return _with_texts(value, iter(rendered))


def refuse_secrets_in_input(value: Any, variables: Mapping[str, Any]) -> None:
    """Raise `PayloadRefused` when the input names a secret variable."""
    secrets = {name for name, content in variables.items() if is_secret(content)}
    named = (match[1].strip() for text in _texts(value) for match in PLACEHOLDER.finditer(text))
    if secrets and (secret := next((name for name in named if name in secrets), None)):
        raise PayloadRefused(
            f"payload.input names the secret variable {plain(secret, _SHOWN)!r}; this agent can only be sent it in"
            " clear, inside the text: leave it out",
            "payload.input",
        )


def plain_variables(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that may be filled in: those not marked as secret."""
    return {name: content for name, content in variables.items() if not is_secret(content)}


def is_secret(variable: Any) -> bool:
    """Whether a variable is marked as a secret."""
    return isinstance(variable, dict) and variable.get("secret") is True


def model_of(call: AgentCall, endpoint: Endpoint) -> str:
    """The model's name: the agent's setting with its `{tag}` filled in, else `agent/<key>[@tag]`."""
    if endpoint.model:
        return endpoint.model.replace("{tag}", call.agent_tag or "")
    return f"agent/{call.agent_key}@{call.agent_tag}" if call.agent_tag else f"agent/{call.agent_key}"


@contextmanager
def sendable() -> Iterator[None]:
    """A payload that was saved before its agent was changed fails here: final, as an attempt."""
    try:
        yield
    except PayloadRefused as refusal:
        raise CallFailed("invalid_endpoint", f"this agent cannot be sent the payload: {refusal}") from None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value if isinstance(value, list) else ():
        content = item.get("content") if isinstance(item, dict) else None
        if isinstance(content, str):
            yield content
        elif isinstance(content, list):
            yield from (part["text"] for part in content if _is_text(part))


def _with_texts(value: Any, texts: Iterator[str]) -> Any:
    """The value with other texts, in the order of `_texts`."""
    if isinstance(value, str):
        return next(texts)
    return [_item_with_texts(item, texts) for item in value] if isinstance(value, list) else value


def _item_with_texts(item: Any, texts: Iterator[str]) -> Any:
    content = item.get("content") if isinstance(item, dict) else None
    if isinstance(content, str):
        return {**item, "content": next(texts)}
    if isinstance(content, list):
        parts = [{**part, "text": next(texts)} if _is_text(part) else part for part in content]
        return {**item, "content": parts}
    return item


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)
