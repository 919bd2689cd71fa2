"""What one process believes of the database's clock; it logs what changes."""

import threading
from collections import deque
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog

from schedules.database.trusted_time import Belief, Change, Reading, first_belief, revised

log = structlog.get_logger(__name__)

WARN_EVERY_SECONDS: Final = 600.0


class AcceptedLeap(NamedTuple):
    """The trusted time became another one: when it was `left_at`, it became `reached_at`."""

    left_at: datetime
    reached_at: datetime


class ProcessTime:
    """The belief that all threads of a process share. `read`: when (steady clock) the database last answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._warn_at = float("-inf")
        self.belief: Belief | None = None
        self.read = float("-inf")
        self.accepted: deque[AcceptedLeap] = deque()

    def judge(self, reading: Reading, accept_after: timedelta) -> Belief:
        """The belief after this reading."""
        with self._lock:
            before, self.read = self.belief, reading.answered
            if before is None:
                self.belief = first_belief(reading)
                return self.belief
            self.belief, change = revised(before, reading, accept_after)
            if change is not None:
                self._report(change, before.at(reading.middle), reading.shown_at)
            return self.belief

    def _report(self, change: Change, trusted_at: datetime, shown_at: datetime) -> None:
        seconds = round((shown_at - trusted_at).total_seconds(), 1)
        match change:
            case Change.LEAPT:
                log.error("clock.leapt", seconds=seconds)
            case Change.RIGHT_AGAIN:
                log.warning("clock.right_again", seconds=seconds)
            case Change.ACCEPTED:
                self.accepted.append(AcceptedLeap(trusted_at, shown_at))
                log.error("clock.leap_accepted", seconds=seconds)
            case Change.STEPPED_BACK:
                log.warning("clock.stepped_back", seconds=seconds)

    def warn_of_host(self, offset: timedelta, moment: float) -> None:
        """The host's clock is far from the database's: say so, not too often. `moment`: of the steady clock."""
        with self._lock:
            if moment < self._warn_at:
                return
            self._warn_at = moment + WARN_EVERY_SECONDS
        log.warning("clock.hosts_disagree", seconds=round(offset.total_seconds(), 1))
