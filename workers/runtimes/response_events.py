"""Follow the event stream of a response to the event that holds the whole answer."""

import re
from typing import Any

from workers.runtimes.answers import READS, response_id_of
from workers.runtimes.base import CallFailed
from workers.runtimes.documents import Redact, document_of
from workers.runtimes.http.event_stream import Event

FINAL = frozenset({"response.completed", "response.failed", "response.incomplete", "error"})

_OF_INTEREST = re.compile(
    rb'"(response\.(completed|failed|incomplete|created|queued)|error|chat\.completion\.chunk)"'
)
"""Told from the bytes, as not every server names its events. Texts may hold the words: a look inside decides."""


class ResponseEvents:
    """Takes the events of one stream (`line.post(on_event=…)`); keeps the last one's document only."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        self._document: dict[str, Any] | None = None
        self._is_chat = False
        self.response_id: str | None = None
        """The first one that was told."""

    def take(self, event: Event) -> bool:
        """True: the final event has come."""
        if not _OF_INTEREST.search(event.data):
            return False
        message = document_of(event.data, self._redact, reads=READS)
        kind = message.get("type", event.name)
        self._is_chat = self._is_chat or message.get("object") == "chat.completion.chunk"
        response = message.get("response")
        if isinstance(response, dict):
            self.response_id = self.response_id or response_id_of(response)
        if kind not in FINAL and not (kind in (None, "") and message.get("error")):
            return False
        self._document = response if isinstance(response, dict) else _error_document(message)
        return True

    def document(self) -> dict[str, Any] | None:
        """The whole response; None when the stream ended without one.

        Raises `CallFailed` (invalid_response) for the stream of another API.
        """
        if self._document is None and self._is_chat:
            message = "the answer is a stream of a chat completion (runtime chat), not of a response"
            raise CallFailed("invalid_response", message)
        return self._document


def _error_document(message: dict[str, Any]) -> dict[str, Any]:
    """An error that comes alone, flat or in a member of its own."""
    error = message.get("error")
    return {
        "status": "failed",
        "error": error if error else {name: message.get(name) for name in ("code", "message")},
    }
