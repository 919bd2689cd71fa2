"""The Django app that holds the domain."""

from django.apps import AppConfig


class SchedulesConfig(AppConfig):
    """Agent schedules."""

    name = "schedules"
    verbose_name = "Agent Schedules"
