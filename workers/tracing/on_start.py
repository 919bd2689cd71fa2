"""A worker traces from its start on; beats and web processes make no attempts."""

from typing import Any

from celery.signals import worker_init

from workers.tracing.start import start


@worker_init.connect
def start_tracing(**_: Any) -> None:
    """If an exporter is configured."""
    start()
