"""The Django app of the worker and beat processes; it has no models."""

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """Workers and beats."""

    name = "workers"
