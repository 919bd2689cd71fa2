"""Where spans go: a tracer provider of our own with the OTLP exporter, set by the standard OTEL_* variables."""

import logging
import os
import threading
import time

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator

log = structlog.get_logger(__name__)

SERVICE_NAME = "agent-schedules"
REPORT_SECONDS = 60.0
_PROCESSOR_LOGGER = "opentelemetry.sdk._shared_internal"
_QUEUE_FULL = "Queue full"


def new_provider(ids: IdGenerator) -> TracerProvider:
    """Exports in a thread of its own: a collector that is away costs an attempt nothing but its spans."""
    if "service.name=" not in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        os.environ.setdefault("OTEL_SERVICE_NAME", SERVICE_NAME)
    logger = logging.getLogger(_PROCESSOR_LOGGER)
    logger.filters.insert(0, DropReport())  # before the SDK's own, which hides how many there are
    provider = TracerProvider(id_generator=ids)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class DropReport(logging.Filter):
    """Counts the spans that found the queue full, and says how many once a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._dropped = 0
        self._reported_at = -REPORT_SECONDS

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the SDK's own record is logged: not those we count."""
        if not str(record.msg).startswith(_QUEUE_FULL):
            return True
        with self._lock:
            self._dropped += 1
            if time.monotonic() - self._reported_at < REPORT_SECONDS:
                return False
            dropped, self._dropped, self._reported_at = self._dropped, 0, time.monotonic()
        log.warning("trace.spans_dropped", count=dropped)
        return False
