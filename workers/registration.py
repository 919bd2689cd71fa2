"""A beat or worker keeps its row of ProcessRegistration: it is there, its loops go round, so much is in flight.

A thread of its own writes every few seconds; the work never waits for it.
"""

import atexit
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import Error, connection

from schedules import processes
from schedules.models import ProcessKind, ProcessRegistration
from schedules.models.process import this_process
from schedules.version import VERSION
from workers import loops
from workers.heartbeat import heartbeat

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 5.0
FORGET_SECONDS: Final = 60.0

CONSUMER: Final = "consumer"
CONSUMER_REST_SECONDS: Final = 10.0
"""Celery's event loop sleeps no longer when nothing happens."""


class Registration(threading.Thread):
    """The row of this process, kept until it ends."""

    def __init__(self, process: ProcessRegistration, in_flight_count: Callable[[], int]) -> None:
        super().__init__(name="registration", daemon=True)
        self._process = process
        self._in_flight_count = in_flight_count
        self._is_known = False
        self._is_failing = False
        self._forget_at = 0.0

    def run(self) -> None:
        """Write, again and again."""
        while True:
            self.write()
            time.sleep(EVERY_SECONDS)

    def write(self) -> None:
        """One write; a database that is away is told of once."""
        try:
            processes.say_alive(self._process, loops.idle(), self._in_flight_count())
            self._report()
            self._forget_gone()
        except Exception as error:  # this thread must not die: the process would look dead
            if not self._is_failing:
                log.warning(
                    "registration.failed",
                    error=type(error).__name__,
                    exc_info=not isinstance(error, Error),
                )
            self._is_failing = True
        finally:
            with suppress(Exception):
                connection.close()

    def end(self) -> None:
        """Delete the row: the process ends in order."""
        with suppress(Exception):
            processes.say_goodbye(self._process)
            connection.close()

    def _report(self) -> None:
        if not self._is_known:
            log.info("process.registered", kind=self._process.kind, pid=self._process.pid)
        self._is_known, self._is_failing = True, False

    def _forget_gone(self) -> None:
        if self._process.kind == ProcessKind.BEAT and time.monotonic() >= self._forget_at:
            processes.forget_gone()
            self._forget_at = time.monotonic() + FORGET_SECONDS


class _Consuming:
    """Called at each round of Celery's event loop: it goes on only while messages are asked for.

    Whoever reaches the broker can cancel that from outside (`celery control cancel_consumer`), and nothing else
    about the process would tell.
    """

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._is_cancelled = False

    def __call__(self) -> None:
        if self._asks_for_messages():
            self._is_cancelled = False
            loops.went_round(CONSUMER, CONSUMER_REST_SECONDS)
        elif not self._is_cancelled:
            self._is_cancelled = True
            log.warning("worker.consuming_cancelled")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Consuming) and other._consumer is self._consumer

    def __hash__(self) -> int:
        return id(self._consumer)

    def _asks_for_messages(self) -> bool:
        consumer = self._consumer.task_consumer
        return consumer is None or any(map(consumer.consuming_from, self._consumer.app.amqp.queues))


_started: list[Registration] = []


def register_beat() -> None:
    """This process is a beat."""
    _start(this_process(ProcessKind.BEAT, VERSION), lambda: 0)


def register_worker(consumer: Any) -> None:
    """This process is a worker, and `consumer` is Celery's. Again at each reconnection, which changes nothing."""
    hub = consumer.hub
    if hub is not None:
        hub.on_tick.add(_Consuming(consumer))
    thread_count: int = settings.ORQ.worker_threads
    _start(this_process(ProcessKind.WORKER, VERSION, thread_count), lambda: heartbeat().held_count)


def worker_ends() -> None:
    """It takes no more messages and waits for its calls in flight."""
    loops.ends(CONSUMER)


def _start(process: ProcessRegistration, in_flight_count: Callable[[], int]) -> None:
    if _started:
        return
    registration = Registration(process, in_flight_count)
    _started.append(registration)
    registration.start()
    atexit.register(registration.end)
    if settings.ORQ.stall_seconds:
        loops.watch(settings.ORQ.stall_seconds)
