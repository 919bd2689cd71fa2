"""Whether attempts are traced in this process, decided by the standard OTEL_* variables when a worker starts."""

import os
from collections.abc import Callable

import structlog

from workers.tracing.attempt import AttemptTrace, NotTraced

log = structlog.get_logger(__name__)

_NOT_TRACED = NotTraced()
_new_attempt: Callable[[], AttemptTrace] = lambda: _NOT_TRACED  # noqa: E731 - replaced when tracing starts

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_QUEUE = "OTEL_BSP_MAX_QUEUE_SIZE"
QUEUE_SIZE = 16_384
"""Spans that wait for the exporter unless the variable says otherwise: a herd fills the SDK's own 2,048 at once."""


def is_configured() -> bool:
    """Whether the environment asks for an exporter; importing one takes 0.4 s, so nobody else does."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "")
    return exporter != "none" and (exporter == "otlp" or any(map(os.environ.get, _ENDPOINTS)))


def start() -> bool:
    """Trace every attempt of this process from now on, if an exporter is configured; whether it is."""
    global _new_attempt
    if not is_configured():
        return False
    os.environ.setdefault(_QUEUE, str(QUEUE_SIZE))
    from workers.tracing.export import new_traced_attempt, start_exporting

    start_exporting()
    _new_attempt = new_traced_attempt
    log.info("trace.started")
    return True


def new_attempt() -> AttemptTrace:
    """The trace of an attempt that is about to be claimed."""
    return _new_attempt()
