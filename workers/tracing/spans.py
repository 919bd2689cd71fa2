"""Attempts as OpenTelemetry spans. Only imported where an exporter is configured.

The root's span id is the lower half of its trace id, so that a trace id alone is enough to link to an attempt.
A span is made when it has ended, by workers.tracing.ended: until then it is a few plain values.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext, SpanKind, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from workers.runtimes.base import HTTP_STATUS, MODEL, Answer, CallFailed
from workers.tracing import names
from workers.tracing.attempt import AttemptFacts
from workers.tracing.attributes import answer_attributes, call_attributes, root_attributes
from workers.tracing.ended import EndedSpan, Export

_PROPAGATOR = TraceContextTextMapPropagator()  # the global one would read `baggage` too
_LOW_HALF = (1 << 64) - 1
_OBSERVED = {MODEL: names.REQUEST_MODEL, HTTP_STATUS: names.HTTP_STATUS}


def _random_half() -> int:
    return int.from_bytes(os.urandom(8), "big") or 1


class TracedAttempt:
    """One attempt's trace: an AttemptTrace. Nothing leaves before it has ended."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._began_at = time.time_ns()
        self._trace_id = _random_half() << 64 | _random_half()
        self.trace_id = f"{self._trace_id:032x}"
        self._root: SpanContext | None = None
        self._ended: list[EndedSpan] = []

    def claimed(self, facts: Callable[[], AttemptFacts]) -> None:
        """Begin the root where the attempt began, and with it the claim, which has just ended."""
        self._facts = facts()
        self._links = tuple(link for link in map(_link, self._facts.links) if link is not None)
        self._name = f"schedule.{self._facts.agent_key}"
        sampled = self._export.sampled(self._trace_id, self._name, root_attributes(self._facts), self._links)
        self._flags, self._state, self._attributes = sampled
        self._root = self._context(self._trace_id & _LOW_HALF)
        self._add("claim", self._began_at)

    @contextmanager
    def call(self) -> Iterator["TracedCall"]:
        """Around the agent's call."""
        call = TracedCall(self._context(_random_half()), call_attributes(self._facts))
        try:
            yield call
        finally:
            self._ended.append(call.ended(f"invoke_agent {self._facts.agent_key}", self._root))

    @contextmanager
    def record(self) -> Iterator[None]:
        """Around the record of the outcome."""
        began_at = time.time_ns()
        try:
            yield
        finally:
            self._add("record", began_at)

    def ended(self, state: str, reason: str) -> None:
        """End the root, before the next attempt begins to wait, and hand all to the exporter."""
        if self._root is None:
            return
        attributes = self._attributes | {names.RUN_STATE: state}
        if reason:
            attributes |= {names.REASON: reason, names.ERROR_TYPE: reason}
        root = EndedSpan(
            self._name,
            self._root,
            None,
            self._began_at,
            SpanKind.SERVER,
            attributes,
            links=self._links,
            is_failed=bool(reason),
        )
        self._export.add((*self._ended, root))

    def _add(self, name: str, began_at: int) -> None:
        self._ended.append(EndedSpan(name, self._context(_random_half()), self._root, began_at))

    def _context(self, span_id: int) -> SpanContext:
        return SpanContext(self._trace_id, span_id, False, self._flags, self._state)


class TracedCall:
    """The agent's call as a CLIENT span."""

    def __init__(self, context: SpanContext, attributes: dict[str, Any]) -> None:
        self._context = context
        self._attributes = attributes
        self._began_at = time.time_ns()
        self._events: list[tuple[str, Mapping[str, Any], int]] = []
        self._is_failed = False
        self.headers = _headers(context)

    def note(self, name: str, attributes: Mapping[str, Any]) -> None:
        """An event of the span."""
        self._events.append((name, attributes, time.time_ns()))

    def observe(self, name: str, value: str | int) -> None:
        """An attribute of the span; the last value counts."""
        if attribute := _OBSERVED.get(name):
            self._attributes[attribute] = value

    def answered(self, answer: Callable[[], Answer]) -> None:
        """What the agent says of its work, without what it said."""
        with suppress(
            Exception
        ):  # an answer that cannot be masked is a failure of the record, not of its trace
            self._attributes |= answer_attributes(answer())

    def failed(self, failure: CallFailed) -> None:
        """Its code; its message may quote the agent."""
        if failure.http_status is not None:
            self._attributes[names.HTTP_STATUS] = failure.http_status
        if failure.response_id:
            self._attributes[names.RESPONSE_ID] = failure.response_id
        self._attributes[names.ERROR_TYPE] = failure.code
        self._is_failed = True

    def ended(self, name: str, parent: SpanContext | None) -> EndedSpan:
        """The span of this call, which is over."""
        return EndedSpan(
            name,
            self._context,
            parent,
            self._began_at,
            SpanKind.CLIENT,
            self._attributes,
            self._events,
            is_failed=self._is_failed,
        )


def _headers(context: SpanContext) -> Mapping[str, str]:
    """W3C trace context of the call: never `baggage`, which would go to third parties."""
    headers = {"traceparent": f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"}
    if context.trace_state:
        headers["tracestate"] = context.trace_state.to_header()
    return headers


def _link(traceparent: str) -> Link | None:
    """To the span a W3C traceparent names; None where it names none."""
    context = _PROPAGATOR.extract({"traceparent": traceparent}, Context())
    span_context = get_current_span(context).get_span_context()
    return Link(span_context) if span_context.is_valid else None
