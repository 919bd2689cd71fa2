"""Who judges, watches and tells: beats, and while there is none, every other process that still lives.

A thread of its own does it. It needs the database only: the broker may be what is down.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import InterfaceError, OperationalError, connection

from schedules.alerts import judging, pausing, telling, watching
from schedules.database import clock
from schedules.models import ProcessKind, ProcessRegistration
from workers.per_process import PerProcess

log = structlog.get_logger(__name__)

ROUND_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 10.0
WARN_SECONDS: Final = 60.0


class Alerting(threading.Thread):
    """Goes round until the process ends."""

    def __init__(self, *, is_beat: bool) -> None:
        super().__init__(name="alerting", daemon=True)
        self._is_beat = is_beat
        self._began = time.monotonic()
        self._look_at = 0.0
        self._failed_at: dict[str, float] = {}

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
                now = clock.database_now()
                for step in (
                    self._judge,
                    self._look,
                    telling.tell,
                ):  # what one cannot do keeps none from its part
                    self._try(step, now)
        except Exception as error:
            self._warn("clock", error)
        finally:
            with suppress(Exception):
                connection.close()

    def _try(self, step: Callable[[datetime], object], now: datetime) -> None:
        """This thread must not die: nobody would be told anything any more."""
        try:
            step(now)
            self._failed_at.pop(step.__name__, None)
        except Exception as error:
            self._warn(step.__name__, error)

    def _warn(self, step: str, error: Exception) -> None:
        """Once in a while, however often it fails."""
        if time.monotonic() - self._failed_at.get(step, -WARN_SECONDS) >= WARN_SECONDS:
            self._failed_at[step] = time.monotonic()
            is_away = isinstance(error, OperationalError | InterfaceError)
            log.warning(
                "alerting.failed", step=step.strip("_"), error=type(error).__name__, exc_info=not is_away
            )

    def _judge(self, now: datetime) -> None:
        judged_count = judging.BATCH
        while judged_count == judging.BATCH:
            judged_count, to_pause = self._judged(now)
            pausing.pause(to_pause, now)

    def _judged(self, now: datetime) -> tuple[int, list[str]]:
        """A batch; where that is refused, one signal, and a signal that cannot be judged is dropped."""
        try:
            return judging.judge(now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            self._warn("judge", error)
        try:
            _, to_pause = judging.judge(now, 1)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            signal = judging.set_aside()
            log.exception("alerting.signal_dropped", run_id=signal.run_id if signal else "")
            return judging.BATCH, []
        return judging.BATCH, to_pause

    def _look(self, now: datetime) -> None:
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_SECONDS
            watching.check(now, timedelta(seconds=time.monotonic() - self._began))


_stand_in = PerProcess(lambda: Alerting(is_beat=False))


def stand_in() -> None:
    """This process, which is no beat, alerts while there is none; after a fork: call it in the child."""
    _stand_in().begin()


def _is_a_beat_alive() -> bool:
    alive = ProcessRegistration.objects.alive(clock.look().shown_at)
    return alive.filter(kind=ProcessKind.BEAT).exists()
