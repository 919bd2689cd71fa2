"""ScheduleBeat: celery-beat's database scheduler that also fires due schedules and recovers lost work.

Any number of these may run: each tick asks the database what is due, and the row locks decide who fires it.
django-celery-beat's own periodic tasks work as ever; the service's housekeeping is some of them.
"""

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import Error, connection
from django_celery_beat.schedulers import DatabaseScheduler

from schedules.clock import database_now
from schedules.firing import fire_due
from schedules.recovery import recover

log = structlog.get_logger(__name__)

RECOVER_SECONDS = 2.0
"""How often lost work is looked for."""

AFTER_THE_SECOND = 0.005
"""Fire times are whole seconds: a tick wakes this long after one, so that it sees what has just come due."""


class ScheduleBeat(DatabaseScheduler):  # type: ignore[misc]  # the package is untyped
    """Fires, recovers, then lets the stock scheduler run what is its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._recover_at = 0.0
        self._stock_tick_at = 0.0
        self._tick_file = Path(settings.ORQ.data_dir, "beat.tick")
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One pass; the seconds to sleep until the next. A database that is away is waited for, not died of."""
        try:
            delay = self._fire_and_recover()
        except Error as error:
            log.warning("beat.database_unreachable", error=type(error).__name__)
            connection.close()
            return 1.0
        self._tick_file.touch()
        return min(delay, self._stock_tick(*args, **kwargs))

    def _fire_and_recover(self) -> float:
        now = database_now()
        limit: int = settings.ORQ.fire_batch
        if fire_due(now, limit) == limit:
            return 0.0
        if time.monotonic() >= self._recover_at:
            recover(now)
            self._recover_at = time.monotonic() + RECOVER_SECONDS
        return _until_next_second(database_now())

    def _stock_tick(self, *args: Any, **kwargs: Any) -> float:
        """The stock tick when it has asked to be called again: it costs several queries, so not each second."""
        wait = self._stock_tick_at - time.monotonic()
        if wait <= 0:
            wait = float(super().tick(*args, **kwargs) or 0.0)
            self._stock_tick_at = time.monotonic() + wait
        return max(wait, 0.0)


def _until_next_second(now: datetime) -> float:
    return 1.0 - now.microsecond / 1_000_000 + AFTER_THE_SECOND
