"""The text that a scrape gets: asked for at most once in five seconds, whoever asks."""

from functools import cache
from typing import Final

from django.conf import settings
from prometheus_client import CollectorRegistry, generate_latest

from schedules.health.cached import Cached
from schedules.metrics.collector import ServiceCollector

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""The classic form, whatever is asked for: OpenMetrics has one name for a counter and its gauge, `runs`."""

SECONDS: Final = 5.0


def metrics() -> bytes:
    """All metrics; django.db.Error."""
    return _recent(tuple(settings.ORQ.metrics_labels))()


@cache
def _recent(labels: tuple[str, ...]) -> Cached[bytes]:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServiceCollector(labels))
    return Cached(lambda: generate_latest(registry), SECONDS)


def forget() -> None:
    """The next scrape asks anew."""
    _recent.cache_clear()
