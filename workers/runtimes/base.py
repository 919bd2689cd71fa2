"""What a runtime is: the port between the worker's execution of a run and whatever executes the agent.

A runtime makes one attempt: it gets an `AgentCall` and an `Endpoint`, and gives back an `Answer` or raises
`CallFailed` or `CallAborted`. It keeps no state between calls that a caller could notice, may be called from
any number of threads at once, and knows nothing of the database, of Django or of Celery.

To add one: a class with a `name` and a `call`, one line in the registry of this package; the conformance tests
then hold it to these promises by themselves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from schedules.addresses import Policy
from workers.runtimes.redaction import plain


def _note_nothing(name: str, attributes: Mapping[str, Any]) -> None:
    """Nobody traces this call."""


def observe_nothing(name: str, value: str | int) -> None:
    """Nobody traces this call."""


def _never() -> bool:
    return False


MODEL, HTTP_STATUS = "model", "http_status"
"""What is observed of a call."""


@dataclass(frozen=True, slots=True)
class Firing:
    """What asked for the run, for runtimes that pass it on.

    `due_at`: the fire time, or a run now's earliest start; `fire_time` is None for a run now. Aware UTC.
    `trigger`: cadence, late, manual or again.
    """

    schedule_id: str
    display_name: str | None
    generation: int
    trigger: str
    fire_time: datetime | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class AgentCall:
    """One attempt of one run: what the agent is asked.

    `input` is a string or an array of input items. `variables` are as the client sent them: a secret one is still
    `{"secret": True, "value": "…"}`, its value in clear (the caller has opened it), which is why none of them shows
    in the repr. `idempotency_key` is the same for every attempt of the run. `trace_headers` go out with the request
    that starts the agent's work and with every poll.
    """

    run_id: str
    attempt: int
    agent_key: str
    agent_tag: str | None
    input: Any = field(repr=False)
    variables: dict[str, Any] = field(repr=False)
    metadata: dict[str, Any] = field(repr=False)
    memory_entity_id: str | None = field(repr=False)
    idempotency_key: str = ""
    firing: Firing | None = None
    trace_headers: Mapping[str, str] = field(default_factory=dict)
    note: Callable[[str, Mapping[str, Any]], None] = field(default=_note_nothing, repr=False)
    """Called with a name and attributes for what happens meanwhile (a poll), for whoever traces the call."""
    observe: Callable[[str, str | int], None] = field(default=observe_nothing, repr=False)
    """Called with MODEL and the model as it is sent, and with HTTP_STATUS and the status of each reply (the last one
    counts), for whoever traces the call."""
    is_cancelled: Callable[[], bool] = field(default=_never, repr=False)
    """Asked once when the call was aborted: whether the whole run was cancelled, so that work left running in the
    background serves nobody. After a lost lease another attempt may be waiting for that very work."""
    response_id: str = ""
    """The agent's name for work that an attempt before this one has left running: it is asked for. Where the agent
    does not know it any more, it is begun anew."""
    is_handed_over: Callable[[], bool] = field(default=_never, repr=False)
    """Asked once when the call was aborted: whether another attempt will ask for the work by its `response_id`."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how an agent is called: its settings, secrets in clear.

    `credential` is sent verbatim as the value of the header `credential_header`, e.g. `Bearer abc` in
    `Authorization`. `read_timeout` is the longest silence allowed, `total_timeout` bounds the whole call with
    all its polls; `max_response_bytes` bounds each body, decoded.
    `dialect`: one of the runtime's own, empty: its default for the path. `model`: empty: the runtime's default.
    `extra_body` is merged under what the runtime sends, `extra_headers` beside its headers.
    `background`: ask for it, then poll; `stream`: ask for an event stream.
    `signing_secrets`: `whsec_…`, the newest first; each signs. `ca_pem`, `client_pem` (certificate and key in one
    text): for TLS with this agent. `proxy`: an HTTP proxy's URL. `addresses`: which ones may be called directly;
    None: those that agents may have.
    """

    base_url: str
    path: str
    credential_header: str | None
    credential: str | None = field(repr=False)
    connect_timeout: timedelta
    read_timeout: timedelta
    total_timeout: timedelta
    max_response_bytes: int
    dialect: str = ""
    model: str = ""
    extra_body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    background: bool = False
    stream: bool = False
    signing_secrets: tuple[str, ...] = field(default=(), repr=False)
    ca_pem: str = field(default="", repr=False)
    client_pem: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)
    addresses: Policy | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a runtime declares of itself, for forms, commands and checks.

    `label`: for people. `default_path`: where on the agent's server it calls; empty: the base URL is the whole
    address. `dialects`: by name, none: it has one form only. `dialect_paths`: how the path tells the dialect, as
    pairs of the path's end and a dialect; the first dialect where none of them fits.
    """

    label: str
    has_address: bool
    default_path: str = ""
    dialects: tuple[str, ...] = ()
    dialect_paths: tuple[tuple[str, str], ...] = ()

    def dialect_for(self, path: str) -> str:
        """The dialect of an agent that names none, from its path; empty where there is one form only."""
        bare = path.partition("?")[0].rstrip("/")
        for end, dialect in self.dialect_paths:
            if bare.endswith(end):
                return dialect
        return self.dialects[0] if self.dialects else ""


class PayloadRefused(ValueError):
    """A payload that this runtime could never send; the message says why, `param` which field it is about."""

    def __init__(self, message: str, param: str = "payload") -> None:
        self.param = param
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent answered when it had completed. Everything in it can be stored as JSON in any database."""

    response_id: str | None
    output: Any
    output_text: str
    usage: dict[str, Any] | None
    trace_id: str | None
    span_id: str | None
    model: str | None = None
    """What the agent says answered."""


class CallFailed(Exception):
    """The attempt failed; `is_retryable` says whether another attempt may help.

    Codes are stable and may be counted and searched for:
    `agent_unreachable` no connection, or it broke · `agent_timeout` connect, silence or total time ·
    `agent_http_error` an HTTP status that is no answer · `redirect_refused` a 3xx ·
    `invalid_response` an answer that cannot be understood · `response_too_large` ·
    `agent_failed`, `agent_incomplete` the agent itself says so · `agent_refused` it completed with a refusal only ·
    `agent_awaits_tool`, `agent_awaits_approval`, `agent_awaits_input` it waits for somebody · `invalid_endpoint` the
    configured address or credential cannot be used.

    `message` is one printable line of at most 500 characters and never holds the credential or what was sent.
    `retry_after` is how long the agent asks to be left alone. `response_id` is the agent's name for its work,
    where it had already given one. `is_silent`: the request was sent and nothing came of it, so that the agent may
    still be at work (read and total time-outs, 504, 524). `answer`: what came with the failure (a refusal's text).
    `http_status`: of the reply that is the failure.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        is_retryable: bool = False,
        retry_after: timedelta | None = None,
        response_id: str | None = None,
        is_silent: bool = False,
        answer: Answer | None = None,
        http_status: int | None = None,
    ) -> None:
        self.is_silent = is_silent
        self.http_status = http_status
        self.answer = answer
        self.code = code
        self.message = plain(message)
        self.is_retryable = is_retryable
        self.retry_after = retry_after
        self.response_id = response_id
        super().__init__(f"{code}: {self.message}")

    def reworded(self, message: str, response_id: str, answer: Answer | None = None) -> "CallFailed":
        """The same failure in other words."""
        return CallFailed(
            self.code,
            message,
            is_retryable=self.is_retryable,
            retry_after=self.retry_after,
            response_id=response_id,
            is_silent=self.is_silent,
            answer=answer,
            http_status=self.http_status,
        )


class CallAborted(Exception):
    """The caller's `should_abort` said so: the lease is lost, the run was cancelled, or the worker stops.

    `response_id`: the agent's name for work that it goes on with although nobody waits for it.
    """

    response_id: str | None = None


class Runtime(Protocol):
    """Executes an agent."""

    name: str
    needs: Needs

    def check(self, payload: Mapping[str, Any], dialect: str) -> None:
        """Raise `PayloadRefused` for a payload (secrets marked, values hidden) that a call could never send."""
        ...

    def call(self, call: AgentCall, endpoint: Endpoint, should_abort: Callable[[], bool]) -> Answer:
        """Make one attempt and return the agent's answer.

        `should_abort` is asked at least every half second, from any thread; it must be quick and stay true.
        Raises `CallFailed` or `CallAborted`, within a second of the deadline or of the wish to abort.
        """
        ...
