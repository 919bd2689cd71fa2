"""RabbitMQ as the broker: what other brokers do by themselves, such as to give up soon, done for it here."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

PATIENCE_SECONDS: Final = 1.0
NOT_FOUND: Final = 404

Answer = TypeVar("Answer")


def is_behind(broker: Any) -> bool:
    """Whether this connection of Celery's is one to RabbitMQ."""
    return bool(broker.transport.driver_type == "amqp")


def patiently(broker: Any, act: Callable[[Any], Answer]) -> Answer:
    """What `act` does with the connection, once more if it had gone stale: a pool keeps it while RabbitMQ restarts.

    One that says nothing for a second raises TimeoutError.
    """
    try:
        return _within_patience(broker, act)
    except broker.connection_errors as error:
        with suppress(Exception):
            broker.collect()
        if isinstance(error, TimeoutError):
            raise
        return _within_patience(broker, act)


def queue_length(broker: Any, queue: str) -> int:
    """Messages that no worker has taken; a queue that nobody has declared yet has none."""
    # A channel of its own, which RabbitMQ closes where there is no such queue.
    channel = broker.channel()
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except broker.channel_errors as error:
        if getattr(error, "code", None) != NOT_FOUND:
            raise
        return 0
    finally:
        with suppress(Exception):
            channel.close()


def _within_patience(broker: Any, act: Callable[[Any], Answer]) -> Answer:
    broker.default_channel  # noqa: B018 - connects, as often as the settings allow
    with broker.connection.transport.having_timeout(PATIENCE_SECONDS):
        return act(broker)
