"""Attempts as OpenTelemetry spans. Only imported where an exporter is configured.

The root's span id is the lower half of its trace id, so that a trace id alone is enough to link to an attempt.
No payload, no output and no exception's text goes into a span.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from schedules.expressions.instants import rfc3339
from workers.runtimes.base import HTTP_STATUS, MODEL, Answer, CallFailed
from workers.tracing import names
from workers.tracing.attempt import AttemptFacts
from workers.tracing.export import new_provider

_PROPAGATOR = TraceContextTextMapPropagator()  # the global one would send `baggage` to third parties too
_LOW_HALF = (1 << 64) - 1
_OBSERVED = {MODEL: names.REQUEST_MODEL, HTTP_STATUS: names.HTTP_STATUS}
_PORTS = {"http": 80, "https": 443}

_root_trace_id: ContextVar[int | None] = ContextVar("root_trace_id", default=None)


class AttemptIds(IdGenerator):
    """Random ids, but for an attempt's root, whose trace id was chosen before its claim."""

    def generate_trace_id(self) -> int:
        """128 bits, both halves above zero."""
        return _root_trace_id.get() or _random_half() << 64 | _random_half()

    def generate_span_id(self) -> int:
        """64 bits above zero."""
        trace_id = _root_trace_id.get()
        return _random_half() if trace_id is None else trace_id & _LOW_HALF

    def is_trace_id_random(self) -> bool:
        """They are."""
        return True


def _random_half() -> int:
    return int.from_bytes(os.urandom(8), "big") or 1


class TracedAttempt:
    """One attempt's trace: an AttemptTrace."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._began_at = time.time_ns()
        self._trace_id = _random_half() << 64 | _random_half()
        self.trace_id = f"{self._trace_id:032x}"
        self._root: Span | None = None
        self._inside = Context()

    def claimed(self, facts: Callable[[], AttemptFacts]) -> None:
        """Begin the root where the attempt began, and with it the claim, which has just ended."""
        self._begin(facts())

    def _begin(self, facts: AttemptFacts) -> None:
        token = _root_trace_id.set(self._trace_id)
        try:
            self._root = self._tracer.start_span(
                f"schedule.{facts.agent_key}",
                Context(),
                SpanKind.SERVER,
                _root_attributes(facts),
                [link for link in map(_link, facts.links) if link is not None],
                self._began_at,
            )
        finally:
            _root_trace_id.reset(token)
        self._facts = facts
        self._inside = set_span_in_context(self._root, Context())
        self._tracer.start_span("claim", self._inside, start_time=self._began_at).end()

    @contextmanager
    def call(self) -> Iterator["TracedCall"]:
        """Around the agent's call."""
        name = f"invoke_agent {self._facts.agent_key}"
        span = self._tracer.start_span(name, self._inside, SpanKind.CLIENT, _call_attributes(self._facts))
        try:
            yield TracedCall(span)
        finally:
            span.end()

    @contextmanager
    def record(self) -> Iterator[None]:
        """Around the record of the outcome."""
        span = self._tracer.start_span("record", self._inside)
        try:
            yield
        finally:
            span.end()

    def ended(self, state: str, reason: str) -> None:
        """End the root: before the next attempt begins to wait."""
        if self._root is None:
            return
        self._root.set_attribute(names.RUN_STATE, state)
        if reason:
            self._root.set_attribute(names.REASON, reason)
            _mark_failed(self._root, reason)
        self._root.end()


class TracedCall:
    """The agent's call as a CLIENT span."""

    def __init__(self, span: Span) -> None:
        self._span = span
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, set_span_in_context(span, Context()))
        self.headers: Mapping[str, str] = carrier

    def note(self, name: str, attributes: Mapping[str, Any]) -> None:
        """An event of the span."""
        self._span.add_event(name, attributes)

    def observe(self, name: str, value: str | int) -> None:
        """An attribute of the span; the last value counts."""
        if attribute := _OBSERVED.get(name):
            self._span.set_attribute(attribute, value)

    def answered(self, answer: Callable[[], Answer]) -> None:
        """What the agent says of its work, without what it said."""
        with suppress(
            Exception
        ):  # an answer that cannot be masked is a failure of the record, not of its trace
            self._describe(answer())

    def _describe(self, answer: Answer) -> None:
        usage = answer.usage or {}
        cached = usage.get("input_tokens_details")
        attributes = {
            names.RESPONSE_ID: answer.response_id,
            names.RESPONSE_MODEL: answer.model,
            names.INPUT_TOKENS: usage.get("input_tokens"),
            names.OUTPUT_TOKENS: usage.get("output_tokens"),
            names.CACHED_TOKENS: cached.get("cached_tokens") if isinstance(cached, dict) else None,
        }
        self._span.set_attributes(
            {name: value for name, value in attributes.items() if isinstance(value, str | int)}
        )

    def failed(self, failure: CallFailed) -> None:
        """Its code; its message may quote the agent."""
        if failure.http_status is not None:
            self._span.set_attribute(names.HTTP_STATUS, failure.http_status)
        if failure.response_id:
            self._span.set_attribute(names.RESPONSE_ID, failure.response_id)
        _mark_failed(self._span, failure.code)


def _mark_failed(span: Span, reason: str) -> None:
    span.set_attribute(names.ERROR_TYPE, reason)
    span.set_status(Status(StatusCode.ERROR))


def _root_attributes(facts: AttemptFacts) -> dict[str, Any]:
    """Given when the span begins: samplers see them."""
    fire_time = facts.fire_time and rfc3339(facts.fire_time)
    attributes = {
        names.OPERATION: names.INVOKE_AGENT,
        names.AGENT_NAME: facts.agent_key,
        names.SCHEDULE_ID: facts.schedule_id,
        names.RUN_ID: facts.run_id,
        names.WORKSPACE: facts.workspace,
        names.TRIGGER: facts.trigger,
        names.ATTEMPT: facts.attempt,
        names.GENERATION: facts.generation,
        names.FIRE_TIME: fire_time,
        names.LATENESS: facts.lateness.total_seconds() if facts.lateness is not None else None,
        names.IS_MISFIRE: facts.is_misfire,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _call_attributes(facts: AttemptFacts) -> dict[str, Any]:
    url = urlsplit(facts.address)
    attributes = {
        names.OPERATION: names.INVOKE_AGENT,
        names.PROVIDER: facts.provider,
        names.AGENT_NAME: facts.agent_key,
        names.AGENT_VERSION: facts.agent_version,
        names.SERVER_ADDRESS: url.hostname,
        names.SERVER_PORT: url.port or _PORTS.get(url.scheme),
    }
    return {name: value for name, value in attributes.items() if value}


def _link(traceparent: str) -> Link | None:
    """To the span a W3C traceparent names; None where it names none."""
    context = _PROPAGATOR.extract({"traceparent": traceparent}, Context())
    span_context = get_current_span(context).get_span_context()
    return Link(span_context) if span_context.is_valid else None


FLUSH_MILLISECONDS = 5000


class _Export:
    """This process's provider and tracer, while it traces."""

    def __init__(self) -> None:
        self.provider = new_provider(AttemptIds())
        self.tracer = self.provider.get_tracer("agent-schedules")


_export: _Export | None = None


def start_exporting() -> None:
    """Make this process's tracer; its exporter's thread starts."""
    global _export
    _export = _Export()


def stop_exporting() -> None:
    """Send what waits, and end the exporter's thread."""
    global _export
    if _export is not None:
        _export.provider.shutdown()
    _export = None


def flush() -> bool:
    """Send what waits; whether it left in time."""
    return _export is None or _export.provider.force_flush(FLUSH_MILLISECONDS)


def new_traced_attempt() -> TracedAttempt:
    """The trace of an attempt that is about to be claimed; `start_exporting` comes first."""
    if _export is None:
        raise LookupError("nothing is exported: start_exporting comes first")
    return TracedAttempt(_export.tracer)
