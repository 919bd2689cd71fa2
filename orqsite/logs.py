"""Logs: one line an event, `noun.past_tense` with ids as fields; JSON for machines or readable text for people.

Every JSON line says the version of the product that wrote it: during a rolling upgrade two of them write into one
place, and the line that a process wrote at its start may be gone when somebody reads. People at a terminal see the
version once, when `up` starts.
"""

import json
import logging
import logging.config
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import structlog

from schedules.version import VERSION

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]

_PROCESSORS: list[Any] = [
    structlog.stdlib.filter_by_level,
    *_SHARED,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]
"""One list for the process's life: loggers keep the one they saw first, and who captures logs replaces its items."""

QUIET = {
    # Third parties that say at INFO what our own events say better.
    "httpx2": "WARNING",
    "httpcore2": "WARNING",
    "celery.app.trace": "WARNING",
    "celery.worker.strategy": "WARNING",
    "django.request": "ERROR",
    "django.template": "INFO",  # at DEBUG it writes whole contexts, with whatever is in them
    "amqp": "WARNING",
    "kombu": "WARNING",
}


def configure_logs(level: str, line_format: str) -> None:
    """Send structlog and the standard library's logging through one formatter to standard error."""
    logging.config.dictConfig(_configuration(level, line_format))
    logging.captureWarnings(line_format == "json")
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _with_version(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "version": VERSION}


_RENDERERS: dict[str, list[Any]] = {
    "json": [_with_version, structlog.processors.JSONRenderer()],
    "console": [structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, pad_level=False)],
}


def formatter(line_format: str) -> logging.Formatter:
    """How a line looks in this format; an unknown one is JSON until the settings refuse it."""
    renderers = _RENDERERS.get(line_format, _RENDERERS["json"])
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
    )


def write_at_once(words: str) -> None:
    """A JSON line past all locks and buffers, for handlers of signals."""
    line = {
        "event": words,
        "level": "info",
        "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        "version": VERSION,
    }
    os.write(sys.stderr.fileno(), json.dumps(line).encode() + b"\n")


def log_what_ends_the_process() -> None:
    """An error that nobody catches is a line like any other; Ctrl-C is none."""
    before = sys.excepthook
    log = structlog.get_logger(__name__)

    def say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, Exception):
            log.critical("process.crashed", exc_info=(kind, error, trace))
        else:
            before(kind, error, trace)

    sys.excepthook = say


def _configuration(level: str, line_format: str) -> dict[str, Any]:
    make_formatter: Callable[[], logging.Formatter] = lambda: formatter(line_format)  # noqa: E731
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": make_formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {name: {"level": quiet} for name, quiet in QUIET.items()},
    }
