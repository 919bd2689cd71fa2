"""Whatever lies on the queue that is no message of ours is dropped; kombu and Celery let it end the worker.

Anybody who reaches the broker can put anything there: text that is no JSON, JSON that is no message, a message
without its half. Dropping loses nothing: what is to be done stands in the database, and is dispatched again.
"""

from contextlib import suppress
from itertools import count
from typing import Any, Final

import structlog
from kombu.exceptions import ContentDisallowed, DecodeError, SerializerNotInstalled
from kombu.transport import redis

log = structlog.get_logger(__name__)
kombu_redis: Any = redis  # its published types lack most of what is used here

USES: Final = {
    kombu_redis.Transport: ("Channel", "_deliver"),
    kombu_redis.Channel: ("QoS", "_brpop_read", "_receive", "qos"),
    kombu_redis.QoS: ("restore_by_tag", "_remove_from_indices"),
}
"""Of kombu, beyond what it documents."""

UNREADABLE: Final = (
    *(ValueError, TypeError, LookupError, AttributeError, RecursionError),
    *(DecodeError, ContentDisallowed, SerializerNotInstalled),
)
"""What reading a message of the wrong shape raises, in JSON's decoder, in kombu and in Celery."""

_dropped = count(1)


def drop(queue: str, error: Exception) -> None:
    """Say that a message was dropped, and how many this process has dropped."""
    log.warning("message.dropped", queue=queue, error=type(error).__name__, count=next(_dropped))


class DroppingQoS:
    """A part of what keeps the taken messages: a note that cannot be read is thrown away, not given back."""

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:
        """Give a message back to its queue."""
        try:
            super().restore_by_tag(tag, client, leftmost)  # type: ignore[misc]
        except UNREADABLE as error:
            drop("unacked", error)
            self._remove_from_indices(tag).execute()  # type: ignore[attr-defined]


class DroppingChannel:
    """A part of a channel: a text that cannot be read is dropped before anything is made of it."""

    connection: Any

    def _brpop_read(self, **options: Any) -> Any:
        return self._read(super()._brpop_read, **options)  # type: ignore[misc]

    def _receive(self) -> Any:
        return self._read(super()._receive)  # type: ignore[misc]

    def _read(self, read: Any, **options: Any) -> Any:
        self.connection.is_delivering = False
        try:
            return read(**options)
        except UNREADABLE as error:
            if self.connection.is_delivering:  # what a delivery raises, it has not taken for unreadable
                raise
            drop("", error)
            return True


class DroppingTransport:
    """A part of a transport: a message that nobody can make sense of is dropped instead of ending the process."""

    channels: Any
    is_delivering = False

    def _deliver(self, message: Any, queue: str) -> None:
        self.is_delivering = True
        try:
            _require_tag(message)
            super()._deliver(message, queue)  # type: ignore[misc]
        except UNREADABLE as error:
            drop(queue, error)
            self._forget(message)
        self.is_delivering = False

    def _forget(self, message: Any) -> None:
        """What was noted as taken is thrown away, or it would come back."""
        with suppress(*UNREADABLE):
            tag = _require_tag(message)
            for channel in filter(None, self.channels):
                if tag in channel.qos._delivered:  # noqa: SLF001 - kombu offers no look at it
                    channel.qos.reject(tag, requeue=False)


def _require_tag(message: Any) -> str:
    """The name under which Redis notes the message as taken; an unreadable message has none."""
    tag = message["properties"]["delivery_tag"]
    if not isinstance(tag, str) or not tag.isascii():
        raise ValueError
    return tag
