"""ScheduleBeat: celery-beat's database scheduler that also fires due schedules and recovers lost work.

Any number of these may run: each tick asks the database what is due, and the row locks decide who fires it.
django-celery-beat's own periodic tasks work as ever; the service's housekeeping is some of them.
"""

import math
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone
from django_celery_beat.models import PeriodicTask, PeriodicTasks
from django_celery_beat.schedulers import DatabaseScheduler
from kombu.exceptions import OperationalError as BrokerError

from schedules.database.clock import time_to_act
from schedules.errors import ClockLeapt
from schedules.firing.due import fire_due, is_anything_due, suspend_unreachable
from schedules.messages import dispatch
from schedules.messages.dispatch import RunKey
from schedules.pausing import attend
from schedules.realigning import note_accepted_leaps, realign
from schedules.retiring import retire
from schedules.runs.recovering import recover, top_up
from workers import loops
from workers.outages import Outage

log = structlog.get_logger(__name__)

RECOVER_SECONDS = 2.0
"""How often lost work is looked for."""

TOP_UP_SECONDS = 0.1
"""How often the queue is filled again while due runs wait for room on it: no worker shall be idle meanwhile."""

UNREACHABLE_SECONDS = 60.0
"""How often fire times are looked for that never come."""

HERD_SECONDS = 3.0
"""How much longer that waits while more is due than one batch: the herd goes first."""

STOCK_PAUSE_SECONDS = 5.0
"""How long the stock scheduler rests when the broker cannot be reached."""

LEAPT_SECONDS = 1.0
"""How often the database is asked whether its clock is right again."""

AFTER_THE_SECOND = 0.005
"""Fire times are whole seconds: a tick wakes this long after one, so that it sees what has just come due."""


class Messages:
    """A batch's messages leave in a thread of their own, while the next batch is fired."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="messages")
        self._thread.submit(dispatch.make_ready)
        self._leaving: Future[bool] | None = None
        self._count = 0

    @property
    def leaving_count(self) -> int:
        """How many may not be on the queue yet."""
        return self._count if self._leaving is not None and not self._leaving.done() else 0

    def send(self, runs: list[RunKey]) -> None:
        """Send these when those before them have left: no more than one batch waits."""
        self.wait()
        self._count = len(runs)
        self._leaving = self._thread.submit(dispatch.send_now, runs)
        if not settings.ORQ.uses("fire_batch_overlap"):
            self.wait()

    def wait(self) -> None:
        """Return when all have left, or could not."""
        leaving, self._leaving = self._leaving, None
        if leaving is not None:
            leaving.result()


class ScheduleBeat(DatabaseScheduler):  # type: ignore[misc]  # the package is untyped
    """Fires, recovers, then lets the stock scheduler run what is its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._is_herd = False  # more is due than one batch
        self._is_backlog = False  # due runs wait for room on the queue
        self._recover_at = 0.0
        self._unreachable_at = 0.0
        self._stock_tick_at = 0.0
        self._messages = Messages()
        self._outage = Outage()
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One pass; the seconds to sleep until the next. A database that is away is waited for, not died of."""
        loops.went_round("tick")
        try:
            next_at = self._fire_and_recover()
        except ClockLeapt:  # nothing is done for a time that is not
            next_at = time.monotonic() + LEAPT_SECONDS
        except (OperationalError, InterfaceError) as error:
            log.warning("beat.database_unreachable", error=type(error).__name__)
            self._outage.has_begun()
            connection.close()
            return 1.0
        except DatabaseError:
            log.exception("beat.firing_failed")
            connection.close()
            return 1.0
        stock_delay = self._stock_tick_if_possible(*args, **kwargs)
        return min(max(0.0, next_at - time.monotonic()), stock_delay)

    def _stock_tick_if_possible(self, *args: Any, **kwargs: Any) -> float:
        try:
            return self._stock_tick(*args, **kwargs)
        except Exception:  # its entries must not stop the schedules
            log.exception("beat.stock_tick_failed")
            connection.close()
            self._stock_tick_at = time.monotonic() + STOCK_PAUSE_SECONDS
            return STOCK_PAUSE_SECONDS

    def _fire_and_recover(self) -> float:
        """The moment (monotonic) to look again: when the second after the one looked at here has come.

        Counted from the time asked about, not from when the answer is worked off: a tick that woke just before a
        whole second and ends after it must not leave that second to the next.
        """
        now = time_to_act()
        note_accepted_leaps()
        next_at = time.monotonic() + _until_next_second(now)
        limit: int = settings.ORQ.fire_batch
        is_herd, self._is_herd = self._is_herd, False
        try:
            if is_herd or is_anything_due(now):
                fired = fire_due(now, limit, self._room())
                self._messages.send(fired.runs)
                self._is_herd = fired.due_count == limit
                self._is_backlog = self._is_backlog or fired.waiting_count > 0
        finally:  # also when firing fails: lost work is found whatever a schedule does
            self._recover_if_time(now, HERD_SECONDS if self._is_herd else 0.0)
        if self._is_herd:
            return 0.0
        self._messages.wait()
        return min(next_at, self._top_up_if_waiting(now))

    def _room(self) -> int:
        """For how many messages the queue has room; for none, if the broker cannot tell: the next recovery asks."""
        return max(0, (dispatch.queue_room() or 0) - self._messages.leaving_count)

    def _top_up_if_waiting(self, now: datetime) -> float:
        """The moment (monotonic) to fill the queue again; for ever where nothing waits for that."""
        if not self._is_backlog:
            return math.inf
        room = dispatch.queue_room()
        self._is_backlog = room == 0 or top_up(now) > 0
        return time.monotonic() + TOP_UP_SECONDS

    def _recover_if_time(self, now: datetime, patience: float) -> None:
        if time.monotonic() >= self._recover_at + patience:
            attend(now)
            sent_count = recover(now, takes_back=self._outage.is_over())
            self._is_backlog = bool(sent_count) or self._is_backlog
            retire(now)
            self._recover_at = time.monotonic() + RECOVER_SECONDS
            self._suspend_if_time(now)

    def _suspend_if_time(self, now: datetime) -> None:
        if time.monotonic() >= self._unreachable_at:
            suspend_unreachable(now)
            _mend_stock_times()
            self._unreachable_at = time.monotonic() + (0.0 if realign(now) else UNREACHABLE_SECONDS)

    def _stock_tick(self, *args: Any, **kwargs: Any) -> float:
        """The stock tick when it has asked to be called again: it costs several queries, so not each second."""
        wait = self._stock_tick_at - time.monotonic()
        if wait <= 0:
            wait = max(0.0, self._stock_tick_if_connected(*args, **kwargs))
            self._stock_tick_at = time.monotonic() + wait
        return wait

    def _stock_tick_if_connected(self, *args: Any, **kwargs: Any) -> float:
        """The stock scheduler takes a due entry off its heap and only then connects: so connect before."""
        try:
            self.producer  # noqa: B018 - a cached property that connects
        except BrokerError as error:
            log.warning("broker.unreachable", error=type(error).__name__, pause_seconds=STOCK_PAUSE_SECONDS)
            return STOCK_PAUSE_SECONDS
        return float(super().tick(*args, **kwargs) or 0.0)


def _mend_stock_times() -> None:
    """The stock scheduler goes by its host's clock: one that was ahead must not keep housekeeping waiting."""
    now = timezone.now()
    ahead = PeriodicTask.objects.filter(last_run_at__gt=now + timedelta(minutes=1))
    if ahead.update(last_run_at=now):
        PeriodicTasks.update_changed()


def _until_next_second(now: datetime) -> float:
    return 1.0 - now.microsecond / 1_000_000 + AFTER_THE_SECOND
