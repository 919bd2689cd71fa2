"""Clients of Redis that give up soon and never try again: whoever asks has something better to do than to wait."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def impatient(url: str, seconds: float) -> "Redis":
    """A client that waits so long for a connection, and so long for an answer."""
    return Redis.from_url(
        url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
    )
