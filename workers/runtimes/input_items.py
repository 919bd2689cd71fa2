"""Read an input as messages, for runtimes whose servers take another form than input items.

An input is a string, one message of the user, or an array of input items of the OpenResponses style. What has no
counterpart elsewhere (calls of functions, files, references) is refused: an agent that got half of its input would
do half of its work and report success.
"""

import json
from dataclasses import dataclass
from typing import Any

from workers.runtimes.base import PayloadRefused
from workers.runtimes.redaction import plain, quoted

ROLES = ("user", "assistant", "system", "developer")

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Image:
    """A picture by its URL, which may be a data: URL."""

    url: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """Who speaks, and what: texts and images in their order."""

    role: str
    parts: tuple[str | Image, ...]


def messages_of(value: Any) -> list[Message]:
    """The messages of an input, at least one. Raises `PayloadRefused` for anything that is no message."""
    if isinstance(value, str):
        return [Message("user", (value,))]
    if not isinstance(value, list) or not value:
        raise PayloadRefused("payload.input must hold a text or a message for this agent", "payload.input")
    return [_message(number, item) for number, item in enumerate(value)]


def refuse_images(messages: list[Message]) -> None:
    """Raise `PayloadRefused` unless the messages are all text."""
    if any(isinstance(part, Image) for message in messages for part in message.parts):
        raise PayloadRefused("payload.input has an image; this agent is only sent text", "payload.input")


def _message(number: int, item: Any) -> Message:
    if not isinstance(item, dict) or item.get("type", "message") != "message":
        raise _refused(number, "is not a message", item)
    if item.get("role") not in ROLES:
        raise _refused(number, f"has none of the roles {', '.join(ROLES)}", item.get("role"))
    content = item.get("content")
    if isinstance(content, str):
        return Message(item["role"], (content,))
    if not isinstance(content, list) or not content:
        raise _refused(number, "has no content", content)
    return Message(item["role"], tuple(_part(number, part) for part in content))


def _part(number: int, part: Any) -> str | Image:
    match part:
        case {"type": "input_text" | "output_text" | "text", "text": str(text)}:
            return text
        case {"type": "input_image", "image_url": str(url)}:
            detail = part.get("detail")
            return Image(url, detail if isinstance(detail, str) else None)
    raise _refused(number, "has a part that is neither text nor the URL of an image", part)


def _refused(number: int, why: str, value: Any) -> PayloadRefused:
    shown = value.get("type", value) if isinstance(value, dict) else value
    text = plain(quoted(shown) if isinstance(shown, str) else json.dumps(shown), _SHOWN)
    return PayloadRefused(f"payload.input[{number}] {why}: {text}", "payload.input")
