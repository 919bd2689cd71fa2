"""One connection: what it may send, how long it may take, and what it is told when it breaks a rule."""

import json
import time
from typing import Any, Final

from waitress import utilities
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask

from schedules.api.error_codes import code_of_status, error_body

ARRIVAL_SECONDS: Final = 30.0
"""A request arrives whole within this time of its first byte, and a connection sends that byte within it."""

STALLED_SECONDS: Final = 30.0
"""Who takes nothing of an answer for so long gets no more of it."""


class UnsupportedMediaType(utilities.Error):  # type: ignore[misc]  # it has no types
    """A form with files: no path takes one."""

    code = 415
    reason = "Unsupported Media Type"


class Reader(HTTPRequestParser):  # type: ignore[misc]  # it has no types
    """Reads one request; a refused one is never asked for its body."""

    error: utilities.Error | None

    def received(self, data: bytes) -> int:
        """How many of the bytes belong to this request."""
        consumed: int = super().received(data)
        if self.headers_finished and self.error is None and self._is_upload():
            self.error, self.completed = UnsupportedMediaType(""), True
        if self.error is not None:
            self.expect_continue = False
        return consumed

    def _is_upload(self) -> bool:
        has_body = bool(self.chunked or self.content_length > 0)
        return has_body and str(self.headers.get("CONTENT_TYPE", "")).strip().lower().startswith("multipart/")


class RefusalTask(ErrorTask):  # type: ignore[misc]  # it has no types
    """Answers what no view will ever see, in the API's error body."""

    def execute(self) -> None:
        """Send the answer and end the connection: what follows on it cannot be told from the refused request."""
        refusal = self.request.error
        # Not 501, RFC 9112's word for an unknown transfer coding: 5xx asks clients to try again.
        status = 400 if refusal.code == utilities.ServerNotImplemented.code else refusal.code
        body = json.dumps(error_body(code_of_status(status), _sentence(status))).encode()
        self.status = f"{status} {refusal.reason if status == refusal.code else 'Bad Request'}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.response_headers.append(("Cache-Control", "no-store"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


def _sentence(status: int) -> str:
    sentences = {400: "The request cannot be read as HTTP/1.1", 431: "The request's head is too large"}
    return sentences.get(status, "")


class Connection(HTTPChannel):  # type: ignore[misc]  # it has no types
    """One connection, with the time since when it owes us something."""

    parser_class = Reader
    error_task_class = RefusalTask

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.owing_since = time.time()
        self.is_fresh = True
        self._flushed_at = 0.0
        self._stalled_since = 0.0
        super().__init__(*args, **kwargs)

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is done for it: no request of it is whole, no answer on its way."""
        return not self.requests and not self.total_outbufs_len

    def received(self, data: bytes) -> bool:
        """Take in what has come; the first byte of a request starts its time."""
        if self.request is None and not self.is_fresh:
            self.owing_since = time.time()
        is_taken: bool = super().received(data)
        if self.requests:
            self.is_fresh = False
        return is_taken

    def is_overdue(self, now: float, idle_seconds: float) -> bool:
        """Whether it has had its time: to send a request, to begin the next one, or to take an answer."""
        if self.total_outbufs_len:
            return self._is_stalled(now)
        if self.requests:
            return False
        if self.is_fresh or self.request is not None:
            return now - self.owing_since > ARRIVAL_SECONDS
        return bool(now - self.last_activity > idle_seconds)

    def _is_stalled(self, now: float) -> bool:
        """From one look to the next, so that an answer that took long to make is not taken for one not read."""
        if self._flushed_at != self.last_activity:
            self._flushed_at, self._stalled_since = self.last_activity, now
        return now - self._stalled_since > STALLED_SECONDS
