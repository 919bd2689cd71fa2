"""Traces of this process's attempts, for tests."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from workers.tracing import export
from workers.tracing import start as start_tracing


def traced_to(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process traces as a worker does."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    module: Any = import_module("workers.tracing.start")
    monkeypatch.setattr(module, "_new_attempt", module._new_attempt)
    assert start_tracing()
    yield
    export.stop_exporting()
