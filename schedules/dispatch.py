"""The only module that talks to Celery: run ids leave by task name, after commit.

A message is a doorbell: it may be lost, doubled or late without harm, so a broker that is away is logged and
passed over, never an error of the caller; a beat sends again what stays undelivered.
"""

import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import structlog
from celery import Celery, current_app
from kombu.exceptions import KombuError, OperationalError
from kombu.utils.uuid import uuid
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

EXECUTE_RUN = "workers.tasks.execute_run"
BROKER_PAUSE_SECONDS = 5.0
"""After a failure the broker is not asked again for this long: a hung one costs its time-out once, not each call."""

_BROKER_ERRORS = (KombuError, OperationalError, RedisError, OSError)
_CHUNK = 500


class Breaker:
    """Open (calls are passed over) for a while after a failure; one per process, its races are harmless."""

    def __init__(self, pause_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds, monotonic."""
        self._pause = pause_seconds
        self._clock = clock
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are to be passed over now."""
        return self._clock() < self._open_until

    def trip(self) -> None:
        """A call failed."""
        self._open_until = self._clock() + self._pause


breaker = Breaker(BROKER_PAUSE_SECONDS)


def send_later(run_id: str, generation: int, delay: timedelta) -> bool:
    """Ring for one run after `delay`; False: the broker was not reached, the run is sent again by a beat."""
    message = current_app.signature(EXECUTE_RUN, args=(run_id, generation), immutable=True)
    return _reach_broker(lambda: message.apply_async(countdown=delay.total_seconds()))


def send_now(runs: Iterable[tuple[str, int]]) -> bool:
    """Ring for many (run id, generation) pairs at once; False: the broker was not reached for all of them."""
    pairs = list(runs)
    return not pairs or _reach_broker(lambda: _send_all(current_app, pairs))


def queue_length() -> int | None:
    """Messages waiting for a worker; None when the broker cannot tell."""
    lengths: list[int] = []
    _reach_broker(lambda: lengths.append(_queue_length(current_app)))
    return lengths[0] if lengths else None


def _reach_broker(call: Callable[[], Any]) -> bool:
    if breaker.is_open:
        return False
    try:
        call()
    except Exception as error:  # whatever it is: what the message rings for is committed already
        breaker.trip()
        if not isinstance(error, _BROKER_ERRORS):
            log.exception("dispatch.failed")
        log.warning("broker.unreachable", error=type(error).__name__, pause_seconds=BROKER_PAUSE_SECONDS)
        return False
    return True


def _queue_length(app: Celery) -> int:
    producer: Any
    with app.producer_pool.acquire(block=True, timeout=1) as producer:
        return int(producer.channel.queue_declare(app.conf.task_default_queue).message_count)


def _send_all(app: Celery, pairs: list[tuple[str, int]]) -> None:
    """Ordinary Celery messages; a transport that can (Redis) carries many in one round trip."""
    producer: Any
    amqp = app.amqp
    with app.producer_pool.acquire(block=True, timeout=1) as producer, producer.batch(max_size=_CHUNK):
        for pair in pairs:
            amqp.send_task_message(producer, EXECUTE_RUN, amqp.create_task_message(uuid(), EXECUTE_RUN, pair))
