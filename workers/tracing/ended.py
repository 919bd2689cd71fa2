"""Spans that have ended, made for the SDK's exporter.

The SDK's own tracer keeps every span under a lock while it is written to and copies it at its end, which costs more
than all else that tracing does in the thread of an attempt (`bench runs`). Ours are made once, when they have ended:
the sampler, the limits, the queue and the exporter are the SDK's.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

log = structlog.get_logger(__name__)

_SCOPE: Final = InstrumentationScope("agent-schedules")
_UNSET, _FAILED = Status(StatusCode.UNSET), Status(StatusCode.ERROR)


@dataclass(frozen=True, slots=True)
class EndedSpan:
    """What a span says; it has just ended. `events`: (name, attributes, nanoseconds since 1970)."""

    name: str
    context: SpanContext
    parent: SpanContext | None
    began_at: int
    kind: SpanKind = SpanKind.INTERNAL
    attributes: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[tuple[str, Mapping[str, Any], int]] = ()
    links: Sequence[Link] = ()
    is_failed: bool = False
    ended_at: int = field(default_factory=time.time_ns)


class Export:
    """Whether a trace is wanted, and the way of its spans to the collector."""

    def __init__(self, provider: TracerProvider, processor: BatchSpanProcessor) -> None:
        self.provider = provider
        self._processor = processor
        self._limits = SpanLimits()

    def sampled(
        self, trace_id: int, name: str, attributes: dict[str, Any], links: Sequence[Link]
    ) -> tuple[TraceFlags, TraceState, dict[str, Any]]:
        """Flags and state of the trace, and its root's attributes: the sampler may add some."""
        result = self.provider.sampler.should_sample(None, trace_id, name, SpanKind.SERVER, attributes, links)
        is_sampled = result.decision == Decision.RECORD_AND_SAMPLE
        flags = TraceFlags.RANDOM_TRACE_ID | (TraceFlags.SAMPLED if is_sampled else 0)
        return TraceFlags(flags), result.trace_state or TraceState(), attributes | dict(result.attributes)

    def add(self, spans: Iterable[EndedSpan]) -> None:
        """Queue them, if their trace is sampled. No attempt fails because its spans cannot be made."""
        try:
            for span in spans:
                if span.context.trace_flags.sampled:
                    self._processor.on_end(self._made(span))
        except Exception:
            log.warning("trace.span_not_made", exc_info=True)

    def _made(self, span: EndedSpan) -> ReadableSpan:
        return ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=self.provider.resource,
            attributes=self._bounded(span.attributes),
            events=[Event(*event) for event in self._newest(span.events)],
            links=span.links,
            kind=span.kind,
            status=_FAILED if span.is_failed else _UNSET,
            start_time=span.began_at,
            end_time=span.ended_at,
            instrumentation_scope=_SCOPE,
        )

    def _newest(self, events: Sequence[Any]) -> Sequence[Any]:
        """A call may be polled for hours."""
        most = self._limits.max_events
        return events if most is None else events[max(0, len(events) - most) :]

    def _bounded(self, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
        """As long as the usual variable allows; there are too few of them for the limit of their count."""
        longest = self._limits.max_span_attribute_length
        if longest is None:
            return attributes
        return BoundedAttributes(attributes=dict(attributes), max_value_len=longest)
