"""Who judges, watches and tells: beats, and while there is none, every other process that still lives.

A thread of its own does it. It needs the database only: the broker may be what is down.
"""

import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog
from django.db import Error, connection

from schedules.alerts import judging, pausing, telling, watching
from schedules.database import clock
from schedules.models import ProcessKind, ProcessRegistration
from workers.per_process import PerProcess

log = structlog.get_logger(__name__)

ROUND_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 10.0


class Alerting(threading.Thread):
    """Goes round until the process ends."""

    def __init__(self, *, is_beat: bool) -> None:
        super().__init__(name="alerting", daemon=True)
        self._is_beat = is_beat
        self._began = time.monotonic()
        self._look_at = 0.0
        self._is_failing = False

    def begin(self) -> None:
        """From now on this process alerts; again changes nothing."""
        if not self.is_alive():
            self.start()

    def run(self) -> None:
        """Again and again; others than beats only as often as they look whether there is one."""
        while True:
            self.go_round()
            time.sleep(ROUND_SECONDS if self._is_beat else LOOK_SECONDS)

    def go_round(self) -> None:
        """Once; a database that is away is told of once."""
        try:
            if self._is_beat or not _is_a_beat_alive():
                self._judge_and_tell()
            self._is_failing = False
        except Exception as error:  # this thread must not die: nobody would be told anything any more
            if not self._is_failing:
                log.warning(
                    "alerting.failed", error=type(error).__name__, exc_info=not isinstance(error, Error)
                )
            self._is_failing = True
        finally:
            with suppress(Exception):
                connection.close()

    def _judge_and_tell(self) -> None:
        now = clock.database_now()
        judged_count = judging.BATCH
        while judged_count == judging.BATCH:
            judged_count, to_pause = judging.judge(now)
            pausing.pause(to_pause, now)
        if time.monotonic() >= self._look_at:
            watching.look(now, timedelta(seconds=time.monotonic() - self._began))
            self._look_at = time.monotonic() + LOOK_SECONDS
        telling.tell(now)


_stand_in = PerProcess(lambda: Alerting(is_beat=False))


def stand_in() -> None:
    """This process, which is no beat, alerts while there is none; after a fork: call it in the child."""
    _stand_in().begin()


def _is_a_beat_alive() -> bool:
    alive = ProcessRegistration.objects.alive(clock.look().shown_at)
    return alive.filter(kind=ProcessKind.BEAT).exists()
