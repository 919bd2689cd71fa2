"""The runtime that calls an agent over HTTP, in the OpenResponses style.

One attempt is one POST, never repeated by itself: `Idempotency-Key` is the run's id and `X-Run-Attempt` the
attempt's number. An agent that answers `queued` or `in_progress` is polled until it is done. Texts go out as
they were written, with the variables beside them: the agent's server fills them in.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2

from workers.runtimes.answers import PENDING, Redact, answer_of, document_of, error_in, response_id_of
from workers.runtimes.base import AgentCall, Answer, CallFailed, Endpoint, Needs
from workers.runtimes.http.call import Reply, Request, address, exchange
from workers.runtimes.http.deadline import CallWatch, watching
from workers.runtimes.http.retry_after import retry_after
from workers.runtimes.redaction import Redactor, strings_in

RETRYABLE = frozenset({408, 425, 429})
"""Client errors that another attempt may mend; so may every 5xx. 409 may not: it will conflict again."""

FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.5, 5.0

SECRET_LENGTH, TEXT_LENGTH = 4, 16
"""From how many characters on a variable, or a string elsewhere in the request, is kept out of messages."""


class ResponsesRuntime:
    """Calls `POST {base_url}{path}` and reads the response document that comes back."""

    name = "responses"
    needs = Needs(
        "Responses API over HTTP",
        has_address=True,
        default_path="/v3/router/responses",
        dialects=("orq", "openai"),
        dialect_paths=(("/v1/responses", "openai"),),
    )

    def check(self, payload: Mapping[str, Any], dialect: str) -> None:
        """Nothing is refused."""

    def call(self, call: AgentCall, endpoint: Endpoint, should_abort: Callable[[], bool]) -> Answer:
        """One attempt over HTTP.

        Retryable: timeouts, a connection that fails or breaks, 408, 425, 429 (with Retry-After) and 5xx.
        Final: any other status, redirects, answers that cannot be read or are too large, and an agent that
        reports `failed`, `cancelled` or `incomplete`.
        """
        with watching(CallWatch(endpoint.total_timeout, should_abort)) as watch:
            line = _Line(endpoint, watch, Redactor(lambda: _private_strings(call, endpoint)))
            document = line.post(_headers(call), _body(call))
            try:
                return answer_of(_finished(line, document), line.redact)
            except CallFailed as failure:
                failure.response_id = response_id_of(document)
                raise


@dataclass(frozen=True, slots=True)
class _Line:
    """The line to one agent during one call: requests go in, documents come out."""

    endpoint: Endpoint
    watch: CallWatch
    redact: Redact

    def post(self, headers: list[tuple[bytes, bytes]], body: bytes) -> dict[str, Any]:
        """Start the agent's work."""
        return self._document(Request("POST", self._url(self.endpoint.path), headers + self._headers(), body))

    def get(self, response_id: str) -> dict[str, Any]:
        """Ask how the work stands; a query of the configured path is kept."""
        path, mark, query = self.endpoint.path.partition("?")
        url = self._url(f"{path.rstrip('/')}/{response_id}{mark}{query}")
        return self._document(Request("GET", url, self._headers()))

    def _document(self, request: Request) -> dict[str, Any]:
        reply = exchange(request, self.endpoint, self.watch)
        if not 200 <= reply.status < 300:
            raise _refused(reply, self.redact)
        return document_of(reply.body, self.redact, reply.headers.get("content-type", ""))

    def _url(self, path: str) -> httpx2.URL:
        return address(self.endpoint.base_url, path)

    def _headers(self) -> list[tuple[bytes, bytes]]:
        headers = [(b"Accept", b"application/json"), (b"Accept-Encoding", b"identity")]
        headers.append((b"User-Agent", b"agent-schedules"))
        if self.endpoint.credential_header and self.endpoint.credential:
            headers.append(_encoded(self.endpoint.credential_header, self.endpoint.credential))
        return headers


def _finished(line: _Line, document: dict[str, Any]) -> dict[str, Any]:
    """The document once the agent is done with it, asking after it as long as the call may last."""
    if document.get("status") not in PENDING:
        return document
    response_id = response_id_of(document)
    if response_id is None:
        raise CallFailed("invalid_response", "the agent is still at work but gave no id to ask for")
    return _polled(line, response_id)


def _polled(line: _Line, response_id: str) -> dict[str, Any]:
    """The finished document; a poll that fails is asked again, and the watch ends it all."""
    wish, intervals = 0.0, _poll_intervals()
    while True:
        line.watch.pause(max(next(intervals), wish))
        try:
            document = line.get(response_id)
        except CallFailed as failure:
            if not failure.is_retryable:
                raise
            line.watch.trouble = failure.message
            wish = failure.retry_after.total_seconds() if failure.retry_after else 0.0
            continue
        if document.get("status") not in PENDING:
            return document
        wish = 0.0


def _poll_intervals() -> Iterator[float]:
    seconds = FIRST_POLL_SECONDS
    while True:
        yield seconds
        seconds = min(seconds * 2, LONGEST_POLL_SECONDS)


def _refused(reply: Reply, redact: Redact) -> CallFailed:
    if 300 <= reply.status < 400:
        advice = "redirects are not followed: correct the agent's address"
        return CallFailed("redirect_refused", f"the agent answered HTTP {reply.status}; {advice}")
    is_retryable = reply.status in RETRYABLE or reply.status >= 500
    return CallFailed(
        "agent_http_error",
        f"the agent answered HTTP {reply.status}{error_in(reply.body, redact)}",
        is_retryable=is_retryable,
        retry_after=retry_after(reply.headers.get("retry-after"), datetime.now(UTC))
        if is_retryable
        else None,
    )


def _body(call: AgentCall) -> bytes:
    """The request's JSON. What is empty is left out: strict servers refuse fields they do not know."""
    tag = f"@{call.agent_tag}" if call.agent_tag else ""
    body: dict[str, Any] = {"model": f"agent/{call.agent_key}{tag}", "input": call.input}
    if call.variables:
        body["variables"] = call.variables
    if call.metadata:
        body["metadata"] = {name: _as_string(value) for name, value in call.metadata.items()}
    if call.memory_entity_id:
        body["memory"] = {"entity_id": call.memory_entity_id}
    return json.dumps(body).encode()


def _headers(call: AgentCall) -> list[tuple[bytes, bytes]]:
    return [
        (b"Content-Type", b"application/json"),
        _encoded("Idempotency-Key", call.run_id),
        _encoded("X-Run-Attempt", str(call.attempt)),
    ]


def _as_string(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _encoded(name: str, value: str) -> tuple[bytes, bytes]:
    try:
        return name.encode("ascii"), value.encode("ascii")
    except UnicodeEncodeError:
        raise CallFailed("invalid_endpoint", "a header's name or value is not plain ASCII") from None


def _private_strings(call: AgentCall, endpoint: Endpoint) -> Iterator[str]:
    """What must not come back in a message: any variable may be a secret, the rest is the request's content."""
    credential = endpoint.credential or ""
    yield from strings_in([credential, *credential.split()[1:]], SECRET_LENGTH)
    yield from strings_in(call.variables, SECRET_LENGTH)
    yield from strings_in([call.input, call.metadata], TEXT_LENGTH)
