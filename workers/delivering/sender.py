"""The loop that sends: due messages are claimed and sent, ten at once, by every process of the service.

Whoever still lives tells: neither a beat nor a worker nor the broker is needed. A sender that is killed has its
messages' leases run out, and another one sends them, with the same ids.
"""

import random
import threading
from collections import Counter
from contextlib import suppress
from typing import Final

import structlog
from django.db import Error, connection

from schedules.database.clock import database_now
from schedules.deliveries import claiming, outcomes
from schedules.deliveries.outcomes import Sent
from schedules.models import Delivery
from workers.delivering.channels import send
from workers.per_process import PerProcess

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 2.0
AT_ONCE: Final = 10


class Sender:
    """Sends, until the process ends; that waits for no message: a lease brings it back."""

    def __init__(self) -> None:
        self._on_the_way: Counter[str | None] = Counter()
        self._lock = threading.Lock()
        self._has_room = threading.Event()
        self._is_failing = False
        self._has_begun = False
        self._is_over = threading.Event()

    def begin(self) -> None:
        """From now on this process sends; again changes nothing."""
        if self._has_begun:
            return
        self._has_begun = True
        threading.Thread(target=self._send_for_ever, name="sender", daemon=True).start()

    def end(self) -> None:
        """Begin to send nothing any more; what is on the way goes on as long as the process."""
        self._is_over.set()
        self._has_room.set()

    def _send_for_ever(self) -> None:
        while not self._is_over.is_set():
            self._has_room.clear()
            self.go_round()
            self._has_room.wait(EVERY_SECONDS)

    def go_round(self) -> int:
        """Claim what there is room for and begin to send it; how many. A database that is away is told of once."""
        try:
            with self._lock:
                on_the_way = +self._on_the_way
            claimed = claiming.claim(database_now(), AT_ONCE - on_the_way.total(), on_the_way)
            for delivery in claimed:
                self._start(delivery)
            self._is_failing = False
            return len(claimed)
        except Exception as error:  # this thread must not die: nobody would be told anything any more
            self._warn(error)
            return 0
        finally:
            with suppress(Exception):
                connection.close()

    def _start(self, delivery: Delivery) -> None:
        with self._lock:
            self._on_the_way[delivery.webhook_id] += 1
        threading.Thread(target=self._deliver, args=(delivery,), name="sending", daemon=True).start()

    def _deliver(self, delivery: Delivery) -> None:
        try:
            outcomes.record(delivery, _sent(delivery), database_now(), random.random())  # noqa: S311 - spreads retries
        except Exception as error:  # its lease runs out, and it is sent again
            self._warn(error)
        finally:
            with suppress(Exception):
                connection.close()
            with self._lock:
                self._on_the_way[delivery.webhook_id] -= 1
            self._has_room.set()

    def _warn(self, error: Exception) -> None:
        if not self._is_failing:
            log.warning("sending.failed", error=type(error).__name__, exc_info=not isinstance(error, Error))
        self._is_failing = True


def _sent(delivery: Delivery) -> Sent:
    """What came of it; what nobody has foreseen is a failure like others, and ends as a dead letter."""
    try:
        return send(delivery)
    except Exception as error:
        log.exception("delivery.unforeseen_error", delivery_id=delivery.id, error=type(error).__name__)
        return Sent(error="internal_error", message=type(error).__name__)


sender = PerProcess(Sender)


def begin() -> None:
    """This process sends from now on; after a fork, call it in the child."""
    sender().begin()


def end() -> None:
    """The process is about to end: it begins to send nothing any more."""
    sender().end()
