"""The only module that talks to Celery: run ids leave by task name, after commit.

A message is a doorbell: it may be lost, doubled or late without harm, so a broker that is away is logged and
passed over, never an error of the caller; a beat redispatches what stays pending.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import structlog
from celery import Celery, current_app
from django.conf import settings
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

from schedules.messages import rabbitmq
from schedules.messages.breaker import Breaker
from schedules.messages.message_template import MessageTemplate

log = structlog.get_logger(__name__)

EXECUTE_RUN = "workers.tasks.execute_run"
BROKER_PAUSE_SECONDS = 5.0
"""After a failure the broker is not asked again for this long: a hung one costs its time-out once, not each call."""

RunKey = tuple[str, int]
"""Run id and generation: all that a message says."""

_CHUNK = 500


breaker = Breaker(BROKER_PAUSE_SECONDS)


def make_ready() -> None:
    """Have made what the first message needs: nobody waits for that when a herd comes due."""
    _template(current_app)


def send_later(run_id: str, generation: int, delay: timedelta) -> bool:
    """Ring for one run after `delay`; False: the broker was not reached, a beat redispatches the run."""
    return _reach_broker(lambda: _send_later(current_app, (run_id, generation), delay))


def send_now(runs: Iterable[RunKey]) -> bool:
    """Ring for many (run id, generation) pairs at once; False: the broker was not reached for all of them."""
    pairs = list(runs)
    return not pairs or _reach_broker(lambda: _send_all(current_app, pairs))


def queue_length() -> int | None:
    """Messages waiting for a worker; None when the broker cannot tell."""
    lengths: list[int] = []
    _reach_broker(lambda: lengths.append(_queue_length(current_app)))
    return lengths[0] if lengths else None


def queue_room() -> int | None:
    """How many messages may be sent before the queue is no longer short; None when the broker cannot tell."""
    length = queue_length()
    return None if length is None else max(0, settings.ORQ.queue_limit - length)


def _reach_broker(call: Callable[[], Any]) -> bool:
    if breaker.is_open:
        return False
    try:
        call()
    except Exception as error:  # whatever it is: what the message rings for is committed already
        breaker.trip()
        if not isinstance(error, _broker_errors(current_app)):
            log.exception("dispatch.failed")
        log.warning("broker.unreachable", error=type(error).__name__, pause_seconds=BROKER_PAUSE_SECONDS)
        return False
    return True


def _broker_errors(app: Celery) -> tuple[type[Exception], ...]:
    """What a broker that is away may raise; nothing is connected to learn it."""
    broker: Any = app.connection_for_write()
    of_the_transport = (*broker.connection_errors, *broker.channel_errors)
    return (KombuError, OperationalError, RedisError, OSError, *of_the_transport)


def _queue_length(app: Celery) -> int:
    queue: str = app.conf.task_default_queue
    with _broker(app) as broker:
        if rabbitmq.is_behind(broker):
            return rabbitmq.patiently(broker, lambda broker: rabbitmq.queue_length(broker, queue))
        return int(broker.default_channel.queue_declare(queue).message_count)


def _send_all(app: Celery, pairs: list[RunKey]) -> None:
    """Ordinary Celery messages: on Redis many in one command, on other transports one by one."""
    with _broker(app) as broker:
        if template := _template_for(app, broker):
            _push(broker, app, template.render(pairs))
        else:
            _publish(app, broker, pairs)


def _send_later(app: Celery, pair: RunKey, delay: timedelta) -> None:
    with _broker(app) as broker:
        if template := _template_for(app, broker):
            _push(broker, app, template.render([pair], datetime.now(UTC) + delay))
        else:
            _publish(app, broker, [pair], countdown=delay.total_seconds())


def _broker(app: Celery) -> Any:
    """A connection of Celery's pool, given back at the end of the block."""
    return app.pool.acquire(block=True, timeout=1)


def _publish(app: Celery, broker: Any, pairs: list[RunKey], **options: Any) -> None:
    if rabbitmq.is_behind(broker):
        options["confirm_timeout"] = rabbitmq.PATIENCE_SECONDS
        rabbitmq.patiently(broker, lambda broker: _apply_each(app, broker, pairs, options))
    else:
        _apply_each(app, broker, pairs, options)


def _apply_each(app: Celery, broker: Any, pairs: list[RunKey], options: dict[str, Any]) -> None:
    with app.amqp.Producer(broker) as producer:
        for pair in pairs:
            _message(app, pair).apply_async(producer=producer, **options)


def _template_for(app: Celery, broker: Any) -> MessageTemplate | None:
    """Only Redis takes messages as text; None: Celery writes each."""
    return _template(app) if broker.transport.driver_type == "redis" else None


def _push(broker: Any, app: Celery, messages: list[bytes]) -> None:
    """What `apply_async` would queue, at a hundredth of its cost; all commands are answered in one round trip."""
    queue = app.conf.task_default_queue
    with broker.default_channel.conn_or_acquire() as client:
        if len(messages) <= _CHUNK:
            client.lpush(queue, *messages)
            return
        pipe = client.pipeline(transaction=False)
        for start in range(0, len(messages), _CHUNK):
            pipe.lpush(queue, *messages[start : start + _CHUNK])
        pipe.execute()


def _message(app: Celery, pair: RunKey) -> Any:
    return app.signature(EXECUTE_RUN, args=pair, immutable=True)


@cache
def _template(app: Celery) -> MessageTemplate | None:
    """None when it is off, or when this version of Celery or kombu gives no message to make it of."""
    if not settings.ORQ.uses("message_template"):
        return None
    try:
        return MessageTemplate(app, EXECUTE_RUN)
    except Exception as error:  # whatever it is: apply_async needs nothing of what this uses
        log.warning("dispatch.template_failed", error=type(error).__name__)
        return None
