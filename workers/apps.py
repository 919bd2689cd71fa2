"""The Django app of the worker and beat processes; it has no models."""

from importlib import import_module

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """Workers and beats."""

    name = "workers"

    def ready(self) -> None:
        """What listens to Celery's signals."""
        import_module("workers.broker.gc_freeze")
        import_module("workers.broker.connection_warmup")
