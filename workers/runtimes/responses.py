"""The runtime that calls an agent over HTTP, in the OpenResponses style.

One attempt is one POST, never repeated by itself. An agent that answers `queued` or `in_progress` is polled until it
is done; one that streams is followed to its final event. What is sent, in which dialect: `response_requests`.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from workers.runtimes.answers import PLAIN_SERVICE, READS, answer_of, is_pending, response_id_of
from workers.runtimes.base import MODEL, AgentCall, Answer, CallAborted, CallFailed, Endpoint, Needs
from workers.runtimes.documents import Redact, document_of
from workers.runtimes.filling import sendable
from workers.runtimes.http.call import Reply
from workers.runtimes.http.event_stream import OnEvent
from workers.runtimes.line import AgentLine, NotFound, agent_line
from workers.runtimes.polling import poll
from workers.runtimes.response_events import ResponseEvents
from workers.runtimes.response_requests import OPENAI, ORQ, body_of, refuse_unsendable
from workers.runtimes.told_errors import raise_told_error


class ResponsesRuntime:
    """Calls `POST {base_url}{path}` and reads the response document that comes back."""

    name = "responses"
    needs = Needs(
        "Responses API over HTTP",
        has_address=True,
        default_path="/v3/router/responses",
        dialects=(OPENAI, ORQ),
        dialect_paths=(("/v3/router/responses", ORQ),),
    )

    def check(self, payload: Mapping[str, Any], dialect: str) -> None:
        """Refuse what a server of this dialect would refuse, or would be told of a secret by."""
        refuse_unsendable(payload, dialect)

    def call(self, call: AgentCall, endpoint: Endpoint, should_abort: Callable[[], bool]) -> Answer:
        """One attempt over HTTP.

        Retryable: timeouts, a connection that fails or breaks, 408, 425, 429 (with Retry-After), 5xx, and what the
        agent itself reports as its server's error or a rate limit. Final: any other status, redirects, answers that
        cannot be read or are too large, and an agent that reports `failed`, `cancelled` or `incomplete`.
        """
        dialect = endpoint.dialect or self.needs.dialect_for(endpoint.path)
        with sendable():
            body = body_of(call, endpoint, dialect)
        call.observe(MODEL, body["model"])
        with agent_line(call, endpoint, should_abort) as line:
            return _Response(line, can_be_cancelled=dialect == OPENAI).answer(body)


class _Response:
    """One response of one agent, from its request to its answer."""

    def __init__(self, line: AgentLine, *, can_be_cancelled: bool) -> None:
        self._line = line
        self._can_be_cancelled = can_be_cancelled
        self._id: str | None = line.call.response_id or None
        """The first one that was told: a gateway may give the same response another id in each answer."""
        self._goes_on = line.endpoint.background
        """Whether the agent works on it also when nobody waits."""

    def answer(self, body: dict[str, Any]) -> Answer:
        """What the agent answered to this request, or to the one before that was handed over."""
        try:
            document = self._handed_over() or self._finished(self._started(body))
            return answer_of(document | ({"id": self._id} if self._id else {}), self._line.redact)
        except CallFailed as failure:
            failure.response_id = self._id
            raise
        except CallAborted as aborted:
            aborted.response_id = self._id if self._goes_on else None
            raise

    def _handed_over(self) -> dict[str, Any] | None:
        """What became of the work that an attempt before left running; None: there is none that the agent knows."""
        if self._id is None:
            return None
        try:
            return self._finished({"status": "in_progress"})
        except NotFound:
            self._id = None
            return None

    def _started(self, body: dict[str, Any]) -> dict[str, Any]:
        """The first document; only a pending one where a stream broke over work that goes on in the background."""
        endpoint = self._line.endpoint
        try:
            return self._received(
                lambda on_event: self._line.post(endpoint.path, body, _accepting(endpoint), on_event=on_event)
            )
        except CallFailed as failure:
            if not (endpoint.background and self._id and failure.is_retryable):
                raise
            return {"status": "in_progress"}

    def _received(self, send: Callable[[OnEvent], Reply]) -> dict[str, Any]:
        """The document of a reply, be it the body or what its last event holds."""
        events = ResponseEvents(self._line.redact)
        try:
            reply = send(events.take)
        finally:
            self._id = self._id or events.response_id
        document = self._document(reply, events)
        self._id = self._id or response_id_of(document)
        return document

    def _document(self, reply: Reply, events: ResponseEvents) -> dict[str, Any]:
        if reply.media_type != "text/event-stream":
            return _document_in(reply, self._line.redact)
        document = events.document()
        if document is None:
            message = "the agent's stream ended before its answer did"
            raise CallFailed("agent_unreachable", message, is_retryable=True)
        return document

    def _finished(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document once the agent is done with it; what is not waited for any longer is cancelled."""
        if not is_pending(document):
            return document
        path = self._path()
        self._goes_on = True
        try:
            return poll(self._line, lambda: self._polled(path), is_pending)
        except NotFound:
            raise
        except (CallFailed, CallAborted) as failure:
            is_of_use = isinstance(failure, CallAborted) and not self._line.call.is_cancelled()
            if self._can_be_cancelled and not is_of_use:
                self._line.cancel(_extended(path, "cancel"), {})
            raise

    def _polled(self, path: str) -> dict[str, Any]:
        document = self._received(lambda on_event: self._line.get(path, on_event=on_event))
        if document.get("status") is None:  # a gateway's word about this question, not about the work
            raise_told_error(document, self._line.redact)
        return document

    def _path(self) -> str:
        """Where the response is asked for."""
        if self._id is None:
            raise CallFailed("invalid_response", "the agent is still at work but gave no id to ask for")
        if self._id in (".", ".."):
            raise CallFailed(
                "invalid_response", "the agent is still at work but gave an id that leads elsewhere"
            )
        return _extended(self._line.endpoint.path, quote(self._id, safe=""))


def _document_in(reply: Reply, redact: Redact) -> dict[str, Any]:
    try:
        return document_of(reply.body, redact, reply.content_type, READS)
    except CallFailed as failure:
        if reply.media_type not in ("", "text/plain") or failure.code != "invalid_response":
            raise
        raise CallFailed(failure.code, f"{failure.message}; {PLAIN_SERVICE}") from None


def _accepting(endpoint: Endpoint) -> dict[str, str]:
    return {"Accept": "text/event-stream, application/json"} if endpoint.stream else {}


def _extended(path: str, segment: str) -> str:
    """A path with one more segment; its query is kept."""
    path, mark, query = path.partition("?")
    return f"{path.rstrip('/')}/{segment}{mark}{query}"
