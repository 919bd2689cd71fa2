"""The line to one agent during one call: JSON goes out, replies come back, and every HTTP runtime talks over it.

Everything that is the same for all of them is done here: limits, credential, headers of the agent's own, the
run's key, the signature, the words of an HTTP error, and keeping secrets out of them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from schedules.headers import HeaderRefused, is_ours, require_credential_header, require_extra_header
from schedules.version import VERSION
from workers.runtimes.base import HTTP_STATUS, AgentCall, CallFailed, Endpoint, observe_nothing
from workers.runtimes.documents import Redact, document_of, error_in
from workers.runtimes.http.call import HttpRequest, Reply, address, exchange
from workers.runtimes.http.deadline import CallLimits
from workers.runtimes.http.event_stream import EventReader, OnEvent
from workers.runtimes.http.retry_after import retry_after
from workers.runtimes.redaction import Redactor, strings_in
from workers.runtimes.signing import InvalidSigningSecret, webhook_headers

USER_AGENT = f"agent-schedules/{VERSION}"

RETRYABLE = frozenset({408, 425, 429})
"""Client errors that another attempt may mend; so may every 5xx. 409 may not: it will conflict again."""

SILENT = frozenset({504, 524})
"""A gateway gave up waiting for the agent, which may still be at work."""

SECRET_LENGTH, TEXT_LENGTH = 4, 16
"""From how many characters on a variable, or a string elsewhere in the request, is kept out of messages."""


CANCEL_PATIENCE = timedelta(seconds=0.7)
"""A call ends within a second of its deadline, its cancellation included."""


class NotFound(CallFailed):
    """404: the agent does not know what it was asked for. Final, unless work was just queued (see `polling`)."""


def agent_line(call: AgentCall, endpoint: Endpoint, should_abort: Callable[[], bool]) -> "AgentLine":
    """The line to the agent, open inside its block; the call's total time begins."""
    limits = CallLimits(endpoint.total_timeout, should_abort)
    return AgentLine(call, endpoint, limits, Redactor(lambda: _private_strings(call, endpoint)))


@dataclass(frozen=True, slots=True)
class AgentLine:
    """Sends one request at a time, each once. `redact` makes the agent's words fit to be shown."""

    call: AgentCall
    endpoint: Endpoint
    limits: CallLimits
    redact: Redact

    def __enter__(self) -> Self:
        self.limits.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self.limits.__exit__(*raised)

    def post(
        self,
        path: str,
        body: Any,
        headers: Mapping[str, str] | None = None,
        *,
        on_event: OnEvent | None = None,
        is_webhook: bool = False,
    ) -> Reply:
        """Start the agent's work: `body` goes out as JSON to `path` under the agent's base URL. The 2xx reply.

        Carries Idempotency-Key, X-Run-Attempt and the trace's headers; signed when the agent has a signing secret
        (`is_webhook`: named and dated as a webhook even without one). `headers` are the runtime's own.
        `on_event` takes the events when the reply is an event stream; without it that is a body as any other.
        Raises `CallFailed` for any other status, worded and judged (retryable, silent, Retry-After).
        """
        content = json.dumps(body).encode()
        sent = {
            "Content-Type": "application/json",
            "Idempotency-Key": self.call.idempotency_key or self.call.run_id,
            "X-Run-Attempt": str(self.call.attempt),
        }
        if self.endpoint.signing_secrets or is_webhook:
            sent |= _signed(sent["Idempotency-Key"], content, self.endpoint)
        return self._replied("POST", path, sent | dict(headers or {}), content, on_event)

    def ask(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask how the work stands where that takes a POST: it starts no work, so it has neither key nor signature."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        return self._replied("POST", path, sent, json.dumps(body).encode(), None)

    def get(
        self, path: str, headers: Mapping[str, str] | None = None, *, on_event: OnEvent | None = None
    ) -> Reply:
        """Ask how the work stands. The 2xx reply; raises like `post`."""
        return self._replied("GET", path, dict(headers or {}), None, on_event)

    def cancel(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> None:
        """Tell the agent once that nobody waits any longer. The call is over: what becomes of it does not matter."""
        call = replace(self.call, observe=observe_nothing)
        with suppress(CallFailed), CallLimits(CANCEL_PATIENCE, lambda: False) as limits:
            replace(self, call=call, limits=limits).ask(path, body, headers)

    def document(self, reply: Reply) -> dict[str, Any]:
        """The JSON object in a reply. Raises `CallFailed` (invalid_response, response_too_large)."""
        return document_of(reply.body, self.redact, reply.content_type)

    def _replied(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, on_event: OnEvent | None
    ) -> Reply:
        url = address(self.endpoint.base_url, path)
        request = HttpRequest(method, url, self._headers(headers), body)
        events = EventReader(on_event, self.endpoint.max_response_bytes) if on_event else None
        reply = exchange(request, self.endpoint, self.limits, events)
        self.call.observe(HTTP_STATUS, reply.status)
        if not 200 <= reply.status < 300:
            raise _refused(reply, self.redact)
        return reply

    def _headers(self, own: dict[str, str]) -> list[tuple[bytes, bytes]]:
        """Ours come last and win: neither the agent's settings nor a trace may replace them."""
        ours = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": USER_AGENT, **own}
        told = [_agents_own_headers(self.endpoint), self.call.trace_headers, ours]
        named = {name.lower(): (name, value) for headers in told for name, value in headers.items()}
        return [_encoded(name, value) for name, value in named.values()]


def _signed(key: str, content: bytes, endpoint: Endpoint) -> dict[str, str]:
    try:
        return webhook_headers(key, content, endpoint.signing_secrets, datetime.now(UTC))
    except InvalidSigningSecret as error:
        raise CallFailed("invalid_endpoint", str(error)) from None


def _refused(reply: Reply, redact: Redact) -> CallFailed:
    if 300 <= reply.status < 400:
        advice = "redirects are not followed: correct the agent's address"
        message = f"the agent answered HTTP {reply.status}; {advice}"
        return CallFailed("redirect_refused", message, http_status=reply.status)
    is_retryable = reply.status in RETRYABLE or reply.status >= 500
    message = f"the agent answered HTTP {reply.status}{error_in(reply.body, redact)}"
    if reply.status == 404:
        return NotFound("agent_http_error", message, http_status=reply.status)
    return CallFailed(
        "agent_http_error",
        message,
        is_retryable=is_retryable,
        retry_after=retry_after(reply.headers, datetime.now(UTC)) if is_retryable else None,
        is_silent=reply.status in SILENT,
        http_status=reply.status,
    )


def _agents_own_headers(endpoint: Endpoint) -> dict[str, str]:
    """The credential and the extra headers, checked again: they may have been stored under older rules."""
    sent = {name: value for name, value in endpoint.extra_headers.items() if not is_ours(name)}
    try:
        for name, value in sent.items():
            require_extra_header(name, value)
        if endpoint.credential_header and endpoint.credential:
            require_credential_header(endpoint.credential_header)
            sent = {
                name: value
                for name, value in sent.items()
                if name.lower() != endpoint.credential_header.lower()
            }
            sent[endpoint.credential_header] = endpoint.credential
    except HeaderRefused as refused:
        raise CallFailed(
            "invalid_endpoint", f"a header of the agent's settings cannot be sent: {refused}"
        ) from None
    return sent


def _encoded(name: str, value: str) -> tuple[bytes, bytes]:
    try:
        return name.encode("ascii"), value.encode("ascii")
    except UnicodeEncodeError:
        raise CallFailed("invalid_endpoint", "a header's name or value is not plain ASCII") from None


def _private_strings(call: AgentCall, endpoint: Endpoint) -> Iterator[str]:
    """What must not come back in a message: any variable may be a secret, the rest is the request's content."""
    credential = endpoint.credential or ""
    headers = list(endpoint.extra_headers.values())
    yield from strings_in([credential, *credential.split()[1:], *headers], SECRET_LENGTH)
    yield from strings_in(call.variables, SECRET_LENGTH)
    yield from strings_in([call.input, call.metadata], TEXT_LENGTH)
