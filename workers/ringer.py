"""This process's bell: after a call has ended, one thread fills the queue with runs that waited for its slot.

Many ends within a moment are one look at the database.
"""

import threading
import time
from collections import Counter
from contextlib import suppress
from typing import Final

import structlog
from django.db import Error, connection

from schedules.database.clock import time_to_act
from schedules.errors import ClockLeapt
from schedules.runs import ringing
from schedules.runs.recovering import top_up
from workers.per_process import PerProcess

log = structlog.get_logger(__name__)

PAUSE_SECONDS: Final = 0.03
"""Between two looks, or as long as the last one took."""


class Ringer:
    """Looks once more whenever it was rung since its last look."""

    def __init__(self) -> None:
        self._is_rung = threading.Event()
        self._ended: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self, agent_id: str | None = None) -> None:
        """A slot may be free, of this agent if one is named; returns at once."""
        if agent_id is not None:
            with self._lock:
                self._ended[agent_id] += 1
        self._is_rung.set()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._look_for_ever, name="ringer", daemon=True)
                self._thread.start()

    def _look_for_ever(self) -> None:
        while self._is_rung.wait():
            self._is_rung.clear()
            began = time.monotonic()
            self._look()
            time.sleep(max(PAUSE_SECONDS, time.monotonic() - began))

    def _look(self) -> None:
        with self._lock:
            ended, self._ended = self._ended, Counter()
        try:
            top_up(time_to_act(), ended)
        except ClockLeapt:
            pass  # nothing would be claimed; a beat makes up for it when the clock is right again
        except Exception as error:  # a beat makes up for it; without this thread it would have to each time
            log.warning("ring.failed", error=type(error).__name__, exc_info=not isinstance(error, Error))
        finally:
            with suppress(Exception):
                connection.close()


ringer = PerProcess(Ringer)


def begin() -> None:
    """From now on this process rings for those who wait."""
    ringing.ring_by(lambda agent_id: ringer().ring(agent_id))
