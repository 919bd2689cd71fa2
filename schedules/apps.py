"""The Django app that holds the domain."""

from django.apps import AppConfig
from django.conf import settings

from schedules import addresses


class SchedulesConfig(AppConfig):
    """Agent schedules."""

    name = "schedules"
    verbose_name = "Agent Schedules"

    def ready(self) -> None:
        """Which addresses may be called is decided once a process."""
        addresses.configure(settings.AGENT_ADDRESSES, settings.OUTBOUND_ADDRESSES)
        from schedules.access.staff import keep_staff  # models may be imported now
        from schedules.alerts.triggers_sqlite import TRIGGERS as SIGNALLING
        from schedules.database import sqlite_triggers
        from schedules.journal.watching import watch
        from schedules.tallies.triggers_sqlite import TRIGGERS as COUNTING

        watch()
        keep_staff()
        sqlite_triggers.keep(self, COUNTING, "schedules_tallydelta")
        sqlite_triggers.keep(self, SIGNALLING, "schedules_alertsignal")
