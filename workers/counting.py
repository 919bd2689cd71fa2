"""A beat's second job: what runs have left behind is folded into tallies, and schedules are counted.

A thread of its own does it: firing never waits for it. Any number of beats may; the database decides who counts what.
"""

import threading
import time
from contextlib import suppress
from typing import Final

import structlog
from django.db import Error, connection

from schedules import tallies
from schedules.database.clock import time_to_act
from schedules.errors import ClockLeapt
from schedules.metrics import schedule_counts
from schedules.overview import coming_load

log = structlog.get_logger(__name__)

FOLD_SECONDS: Final = 2.0


class Counting(threading.Thread):
    """Folds and counts, until the process ends."""

    def __init__(self) -> None:
        super().__init__(name="counting", daemon=True)
        self._is_failing = False

    def run(self) -> None:
        """Again and again."""
        while True:
            self.go_round()
            time.sleep(FOLD_SECONDS)

    def go_round(self) -> None:
        """Once; a database that is away is told of once."""
        try:
            while tallies.fold() == tallies.BATCH:
                pass
            with suppress(ClockLeapt):
                now = time_to_act()
                schedule_counts.refresh(now)
                coming_load.refresh(now)
            self._is_failing = False
        except Exception as error:  # this thread must not die: nothing would be counted any more
            if not self._is_failing:
                log.warning(
                    "counting.failed", error=type(error).__name__, exc_info=not isinstance(error, Error)
                )
            self._is_failing = True
        finally:
            with suppress(Exception):
                connection.close()
