"""The four spans of an attempt: made when they have ended (workers/tracing/ended.py), beside the SDK's tracer.

Both are made and encoded as for a collector that answers at once; what is measured is the attempt's share of it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from bench import measuring
from bench.reporting import Report
from bench.servers import Servers
from workers.runtimes.base import HTTP_STATUS, MODEL
from workers.tracing import names
from workers.tracing.attempt import AttemptFacts
from workers.tracing.attributes import call_attributes, root_attributes
from workers.tracing.ended import Export
from workers.tracing.spans import TracedAttempt

OURS, SDK = "made when they have ended", "by the SDK's tracer"
FACTS = AttemptFacts(
    agent_key="digest",
    agent_version="v2",
    workspace="acme",
    schedule_id="01KPN29WWKSK0VDPJNTKZPVNRB",
    run_id="01KPN29WWKSK0VDPJNTKZPVNRC",
    trigger="cadence",
    attempt=1,
    generation=3,
    fire_time=datetime(2026, 6, 1, 9, tzinfo=UTC),
    lateness=timedelta(seconds=0.2),
    is_misfire=False,
    provider="orq",
    address="https://agents.example:8443/base",
)


def run(_: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Processor time of an attempt's spans, from its claim to the bytes for the collector."""
    count = 200 if is_quick else 3_000
    cost = measuring.interleaved(
        {OURS: lambda: _cost(_ours, count), SDK: lambda: _cost(_by_the_sdk, count)}, rounds
    )
    report = Report(
        "spans", ("the four spans of an attempt", "µs", "range", "of the SDK's"), measuring.machine()
    )
    for name, series in cost.items():
        report.row(name, series.median, series.spread, f"{series.median / cost[SDK].median:.2f} ×")
    return report


def _cost(way: Callable[[Export], Callable[[], None]], count: int) -> float:
    exporter, provider = _Encoding(), TracerProvider(shutdown_on_exit=False)
    processor = BatchSpanProcessor(exporter, max_queue_size=4 * count)
    provider.add_span_processor(processor)
    attempt = way(Export(provider, processor))
    before = time.process_time()
    for _ in range(count):
        attempt()
    provider.force_flush()
    used = time.process_time() - before
    provider.shutdown()
    assert exporter.count == 4 * count, f"{exporter.count} spans of {count} attempts"
    return used / count * 1e6


class _Encoding(SpanExporter):
    count = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Encode them, for nobody."""
        encode_spans(spans).SerializeToString()
        self.count += len(spans)
        return SpanExportResult.SUCCESS


def _ours(export: Export) -> Callable[[], None]:
    def attempt() -> None:
        traced = TracedAttempt(export)
        traced.claimed(lambda: FACTS)
        with traced.call() as call:
            call.observe(MODEL, "agent/digest")
            call.observe(HTTP_STATUS, 200)
        with traced.record():
            pass
        traced.ended("succeeded", "")

    return attempt


def _by_the_sdk(export: Export) -> Callable[[], None]:
    tracer, propagator = export.provider.get_tracer("bench"), TraceContextTextMapPropagator()

    def attempt() -> None:
        began_at, carrier = time.time_ns(), dict[str, str]()
        root = tracer.start_span(
            "schedule.digest", Context(), SpanKind.SERVER, root_attributes(FACTS), start_time=began_at
        )
        inside = set_span_in_context(root, Context())
        tracer.start_span("claim", inside, start_time=began_at).end()
        attributes: Mapping[str, str | int] = call_attributes(FACTS)
        call = tracer.start_span("invoke_agent digest", inside, SpanKind.CLIENT, attributes)
        propagator.inject(carrier, set_span_in_context(call, Context()))
        call.set_attribute(names.REQUEST_MODEL, "agent/digest")
        call.set_attribute(names.HTTP_STATUS, 200)
        call.end()
        tracer.start_span("record", inside).end()
        root.set_attribute(names.RUN_STATE, "succeeded")
        root.end()

    return attempt
