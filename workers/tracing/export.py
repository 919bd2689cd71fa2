"""Where the spans of this process go: by OTLP, set by the standard OTEL_* variables."""

import logging
import os
import threading
import time

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from workers.tracing.ended import Export
from workers.tracing.spans import TracedAttempt

log = structlog.get_logger(__name__)

SERVICE_NAME = "agent-schedules"
REPORT_SECONDS = 60.0
_PROCESSOR_LOGGER = "opentelemetry.sdk._shared_internal"
_QUEUE_FULL = "Queue full"
FLUSH_MILLISECONDS = 5000

_export: Export | None = None


def start_exporting() -> None:
    """The exporter's thread starts."""
    global _export
    _export = new_export()


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
    return TracedAttempt(_export)


def new_export() -> Export:
    """Exports in a thread of its own: a collector that is away costs an attempt nothing but its spans."""
    if "service.name=" not in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        os.environ.setdefault("OTEL_SERVICE_NAME", SERVICE_NAME)
    logger = logging.getLogger(_PROCESSOR_LOGGER)
    logger.filters.insert(0, DropReport())  # before the SDK's own, which hides how many there are
    provider, processor = TracerProvider(), BatchSpanProcessor(OTLPSpanExporter())
    provider.add_span_processor(processor)
    return Export(provider, processor)


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
