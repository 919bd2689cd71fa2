"""The port between an attempt's execution and whoever traces it, and the one that traces nothing."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from workers.runtimes.base import Answer, CallFailed


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """What a trace says of the attempt whose run was claimed.

    `links`: W3C traceparents of what asked for it (a request, an ended run, the attempt before it).
    `provider`: empty where neither the agent's settings nor its runtime say it.
    """

    agent_key: str
    agent_version: str | None
    workspace: str
    schedule_id: str
    run_id: str
    trigger: str
    attempt: int
    generation: int
    fire_time: datetime | None
    lateness: timedelta | None
    is_misfire: bool
    links: tuple[str, ...] = ()
    provider: str = ""
    address: str = ""
    """The agent's base URL."""


class Call(Protocol):
    """The agent's call while it lasts."""

    headers: Mapping[str, str]
    """What goes out with it: `traceparent`, `tracestate`; empty when nothing is traced."""

    def note(self, name: str, attributes: Mapping[str, Any]) -> None:
        """Something happened meanwhile, such as a poll."""

    def observe(self, name: str, value: str | int) -> None:
        """What was sent or came, by the names of workers.runtimes.base: the model, an HTTP status."""

    def answered(self, answer: Callable[[], Answer]) -> None:
        """The agent has answered; `answer` gives what it said without secrets, and is only called if it is told."""

    def failed(self, failure: CallFailed) -> None:
        """The call has failed."""


class AttemptTrace(Protocol):
    """One attempt's trace, from before its claim."""

    trace_id: str
    """32 hexadecimal digits; empty when nothing is traced."""

    def claimed(self, facts: Callable[[], AttemptFacts]) -> None:
        """The claim has been granted; of one that was refused there is no trace. `facts` is called if it is told."""

    def call(self) -> AbstractContextManager[Call]:
        """Around the agent's call."""

    def record(self) -> AbstractContextManager[None]:
        """Around the record of the outcome."""

    def ended(self, state: str, reason: str) -> None:
        """The attempt is over; `state` is the run's (empty: fenced), `reason` the failure's code."""


class _NoCall:
    headers: Mapping[str, str] = {}

    def note(self, name: str, attributes: Mapping[str, Any]) -> None:
        """Nobody is told."""

    def observe(self, name: str, value: str | int) -> None:
        """Nobody is told."""

    def answered(self, answer: Callable[[], Answer]) -> None:
        """Nobody is told."""

    def failed(self, failure: CallFailed) -> None:
        """Nobody is told."""


class NotTraced:
    """The trace of an attempt while no exporter is configured."""

    trace_id = ""
    _call = nullcontext(_NoCall())
    _record = nullcontext()

    def claimed(self, facts: Callable[[], AttemptFacts]) -> None:
        """Nobody is told."""

    def call(self) -> AbstractContextManager[Call]:
        """Nothing around the call."""
        return self._call

    def record(self) -> AbstractContextManager[None]:
        """Nothing around the record."""
        return self._record

    def ended(self, state: str, reason: str) -> None:
        """Nobody is told."""
