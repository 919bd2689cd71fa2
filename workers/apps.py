"""The Django app of the worker and beat processes; it has no models."""

from importlib import import_module

from django.apps import AppConfig

from schedules import agent_runtimes


class WorkersConfig(AppConfig):
    """Workers and beats."""

    name = "workers"

    def ready(self) -> None:
        """Make the runtimes known to the domain, and start what listens to Celery's signals."""
        for runtime in import_module("workers.runtimes").runtimes():
            agent_runtimes.register(runtime)
        agent_runtimes.fill_by(import_module("workers.runtimes.filling").filled_input)
        import_module("workers.broker.gc_freeze")
        import_module("workers.broker.connection_warmup")
        import_module("workers.tracing.on_start")
