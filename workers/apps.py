"""The Django app of the worker and beat processes; it has no models."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings

from schedules import agent_runtimes

LISTENERS = {"gc_freeze": "workers.broker.gc_freeze", "warm_up": "workers.broker.connection_warmup"}
"""What listens to Celery's signals, by the names ORQ_WITHOUT takes."""


class WorkersConfig(AppConfig):
    """Workers and beats."""

    name = "workers"

    def ready(self) -> None:
        """Make the runtimes known to the domain, and start what listens to Celery's signals."""
        for runtime in import_module("workers.runtimes").runtimes():
            agent_runtimes.register(runtime)
        agent_runtimes.fill_by(import_module("workers.runtimes.filling").filled_input)
        import_module("workers.tracing.on_start")
        for machinery, module in LISTENERS.items():
            if settings.ORQ.uses(machinery):
                import_module(module)
