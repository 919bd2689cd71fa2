"""A beat's other jobs: what runs have left behind is folded into tallies, schedules are counted, the week worked out.

Each has a thread of its own: firing never waits for them, nor does one for the other. Any number of beats may; the
database decides who counts what.
"""

import threading
import time
from collections.abc import Callable
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
LOOK_SECONDS: Final = 10.0
"""How often it is asked whether the coming week is to be worked out anew."""


class Counting(threading.Thread):
    """Does a job, until the process ends."""

    def __init__(self, job: Callable[[], None], seconds: float = FOLD_SECONDS) -> None:
        super().__init__(name="counting", daemon=True)
        self._job = job
        self._seconds = seconds
        self._is_failing = False

    def run(self) -> None:
        """Again and again."""
        while True:
            self.go_round()
            time.sleep(self._seconds)

    def go_round(self) -> None:
        """Once; a database that is away is told of once."""
        try:
            with suppress(ClockLeapt):
                self._job()
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


def fold_and_count() -> None:
    """The tallies, also while the clock cannot be believed; the schedules once a minute."""
    while tallies.fold() == tallies.BATCH:
        pass
    schedule_counts.refresh(time_to_act())


def work_out_the_week() -> None:
    """Every few minutes; among a million schedules it takes seconds."""
    coming_load.refresh(time_to_act())
