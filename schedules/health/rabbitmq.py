"""Whether RabbitMQ takes messages, found out by one for a queue that nobody but the question has."""

from typing import Any, Final

from celery import current_app

from schedules.database.ulids import new_ulids
from schedules.health import states
from schedules.messages import rabbitmq

PROBE: Final = b"probe of health, never delivered"
_CODES: Final = {403: states.NO_PERMISSION, 530: states.NO_PERMISSION, 406: states.WRONG_TYPE}
"""AMQP's: access refused, vhost not allowed; the queue is there with other properties."""


class _Alarm(Exception):
    """RabbitMQ takes no message until there is room again."""


def state() -> str:
    """OK, or the state that keeps messages from being sent; raises what it has no state for."""
    connection: Any = current_app.connection_for_write(connect_timeout=rabbitmq.PATIENCE_SECONDS)
    errors = (*connection.connection_errors, *connection.channel_errors)
    try:
        rabbitmq.patiently(connection, _ask)
    except _Alarm:
        connection.collect()  # it would not hear a farewell
        return states.ALARM
    except errors as error:
        connection.collect()
        code = getattr(error, "code", None)
        if code in _CODES:
            return _CODES[code]
        raise
    connection.release()
    return states.OK


def _ask(connection: Any) -> None:
    alarms: list[str] = []
    connection.connection.on_blocked = alarms.append
    channel = connection.channel()
    # As Celery does, so that a queue of another kind is noticed.
    channel.queue_declare(current_app.conf.task_default_queue, durable=True, auto_delete=False)
    own = f"agent-schedules.health.{new_ulids(1)[0]}"
    channel.queue_declare(own, exclusive=True, auto_delete=True)
    try:
        _send(channel, own)
    except TimeoutError:
        if alarms:
            raise _Alarm from None
        raise


def _send(channel: Any, queue: str) -> None:
    """Returns when RabbitMQ has the message; the queue goes with the connection."""
    message = channel.prepare_message(PROBE)
    channel.basic_publish_confirm(message, routing_key=queue, confirm_timeout=rabbitmq.PATIENCE_SECONDS)
