"""Read a body of the media type text/event-stream, event by event (WHATWG HTML, 9.2.6)."""

from collections.abc import Callable
from dataclasses import dataclass

from workers.runtimes.base import CallFailed

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `name` is empty where the server gives none; `data` is not yet decoded."""

    name: str
    data: bytes


OnEvent = Callable[[Event], bool]
"""Takes an event; True: that was the last one of interest."""


class EventReader:
    """Puts events together from pieces of a body, as they come; an instance is called with each piece."""

    def __init__(self, on_event: OnEvent, max_event_bytes: int) -> None:
        self._on_event = on_event
        self._limit = max_event_bytes
        self._line = bytearray()
        self._ends_in_return = False
        self._is_first_line = True
        self._name, self._data = "", bytearray()

    def __call__(self, piece: bytes) -> bool:
        """True: the last event of interest has come. Raises `CallFailed` (response_too_large)."""
        if self._ends_in_return and piece.startswith(b"\n"):
            piece = piece[1:]
        self._ends_in_return = piece.endswith(b"\r")
        *whole, rest = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for end_of_line in whole:
            self._line += end_of_line
            line, self._line = bytes(self._line), bytearray()
            if self._take_line(line):
                return True
        self._line += rest
        self._require_room(len(self._line))
        return False

    def _take_line(self, line: bytes) -> bool:
        if self._is_first_line:
            line, self._is_first_line = line.removeprefix(BOM), False
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value.decode("utf-8", "replace")
        elif field == b"data":
            self._require_room(len(self._data) + len(value))
            self._data += value + b"\n"
        return False

    def _dispatch(self) -> bool:
        event = Event(self._name, bytes(self._data[:-1]))
        self._name, self._data = "", bytearray()
        return bool(event.data) and self._on_event(event)

    def _require_room(self, byte_count: int) -> None:
        if byte_count > self._limit:
            raise CallFailed(
                "response_too_large", f"an event of the agent is larger than {self._limit} bytes"
            )
