"""kombu makes a Redis client anew for each command; with redis-py 8 making one costs more than the command.

Clients are safe to share between threads: they hold no connection, their pool does.
"""

from typing import Any, Final

from kombu.transport import redis

kombu_redis: Any = redis  # its published types lack most of what is used here

USES: Final = {kombu_redis.Channel: ("_create_client", "pool")}
"""Of kombu, beyond what it documents."""


class Channel(kombu_redis.Channel):  # type: ignore[misc]
    """Keeps its client as long as its pool lives."""

    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:  # of the event loop, which keeps its own
            return super()._create_client(asynchronous=True)
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()
        return self._kept
