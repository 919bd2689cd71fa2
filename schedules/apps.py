"""The Django app that holds the domain."""

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate, pre_migrate

from schedules import addresses


class SchedulesConfig(AppConfig):
    """Agent schedules."""

    name = "schedules"
    verbose_name = "Agent Schedules"

    def ready(self) -> None:
        """Which addresses may be called is decided once a process."""
        addresses.configure(settings.AGENT_ADDRESSES, settings.OUTBOUND_ADDRESSES)
        from schedules.access.staff import keep_staff  # models may be imported now
        from schedules.journal.watching import watch
        from schedules.tallies import triggers_sqlite

        watch()
        keep_staff()
        pre_migrate.connect(triggers_sqlite.drop, sender=self)
        post_migrate.connect(triggers_sqlite.create, sender=self)
