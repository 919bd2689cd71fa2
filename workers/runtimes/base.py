"""What a runtime is: the port between the worker's execution of a run and whatever executes the agent.

A runtime makes one attempt: it gets an `AgentCall` and an `Endpoint`, and gives back an `Answer` or raises
`CallFailed` or `CallAborted`. It keeps no state between calls that a caller could notice, may be called from
any number of threads at once, and knows nothing of the database, of Django or of Celery.

To add one: a class with a `name` and a `call`, one line in the registry of this package; the conformance tests
then hold it to these promises by themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from workers.runtimes.redaction import plain


@dataclass(frozen=True, slots=True)
class AgentCall:
    """One attempt of one run: what the agent is asked.

    `input` is a string or an array of input items; `variables` hold their values in clear (the caller has
    opened the secret ones), which is why neither shows in the repr.
    """

    run_id: str
    attempt: int
    agent_key: str
    agent_tag: str | None
    input: Any = field(repr=False)
    variables: dict[str, Any] = field(repr=False)
    metadata: dict[str, Any] = field(repr=False)
    memory_entity_id: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how an agent is called.

    `credential` is sent verbatim as the value of the header `credential_header`, e.g. `Bearer abc` in
    `Authorization`. `read_timeout` is the longest silence allowed, `total_timeout` bounds the whole call with
    all its polls; `max_response_bytes` bounds each body.
    """

    base_url: str
    path: str
    credential_header: str | None
    credential: str | None = field(repr=False)
    connect_timeout: timedelta
    read_timeout: timedelta
    total_timeout: timedelta
    max_response_bytes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent answered when it had completed. Everything in it can be stored as JSON in any database."""

    response_id: str | None
    output: Any
    output_text: str
    usage: dict[str, Any] | None
    trace_id: str | None
    span_id: str | None


class CallFailed(Exception):
    """The attempt failed; `is_retryable` says whether another attempt may help.

    Codes are stable and may be counted and searched for:
    `agent_unreachable` no connection, or it broke · `agent_timeout` connect, silence or total time ·
    `agent_http_error` an HTTP status that is no answer · `redirect_refused` a 3xx ·
    `invalid_response` an answer that cannot be understood · `response_too_large` ·
    `agent_failed`, `agent_incomplete` the agent itself says so · `invalid_endpoint` the configured address or
    credential cannot be used.

    `message` is one printable line of at most 500 characters and never holds the credential or what was sent.
    `retry_after` is how long the agent asks to be left alone. `response_id` is the agent's name for its work,
    where it had already given one.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        is_retryable: bool = False,
        retry_after: timedelta | None = None,
        response_id: str | None = None,
    ) -> None:
        self.code = code
        self.message = plain(message)
        self.is_retryable = is_retryable
        self.retry_after = retry_after
        self.response_id = response_id
        super().__init__(f"{code}: {self.message}")

    def reworded(self, message: str, response_id: str) -> "CallFailed":
        """The same failure in other words."""
        return CallFailed(
            self.code,
            message,
            is_retryable=self.is_retryable,
            retry_after=self.retry_after,
            response_id=response_id,
        )


class CallAborted(Exception):
    """The caller's `should_abort` said so: the lease is lost, the run was cancelled, or the worker stops."""


class Runtime(Protocol):
    """Executes an agent."""

    name: str

    def call(self, call: AgentCall, endpoint: Endpoint, should_abort: Callable[[], bool]) -> Answer:
        """Make one attempt and return the agent's answer.

        `should_abort` is asked at least every half second, from any thread; it must be quick and stay true.
        Raises `CallFailed` or `CallAborted`, within a second of the deadline or of the wish to abort.
        """
        ...
