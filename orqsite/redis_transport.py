"""kombu's Redis transport with one client a channel.

kombu makes a client anew for each message it sends, takes and acknowledges; with redis-py 8 making one costs more
than its command. Clients are safe to share between threads: they hold no connection, their pool does.
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis


class Channel(redis.Channel):
    """Keeps its client as long as its pool lives."""

    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:  # of the event loop, which keeps its own
            return super()._create_client(asynchronous=True)  # type: ignore[misc]  # not in its types
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()  # type: ignore[misc]
        return self._kept


class Transport(redis.Transport):
    """The Redis transport with channels of the kind above."""

    Channel = Channel


def use_for_redis_urls() -> None:
    """From now on `redis://` and `rediss://` mean this transport, in this process."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{Transport.__name__}"
