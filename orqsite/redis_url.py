"""What REDIS_URL may be: one Redis or Valkey server, which both Celery and our own connections reach by that URL."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

FORM: Final = "write redis://host:6379/0, or rediss:// for TLS"

CLUSTER: Final = "a Redis Cluster cannot be the broker: Celery's queues need all their keys on one server"

_OTHERS: Final = {
    "amqp": "RabbitMQ cannot be the broker",
    "amqps": "RabbitMQ cannot be the broker",
    "sentinel": "Sentinel is not supported: name the server itself, or a proxy that follows it",
    "redis+cluster": CLUSTER,
    "rediss+cluster": CLUSTER,
}


def require_redis_url(url: str) -> str:
    """The URL as it was given; ValueError with a sentence that shows nothing of it: it holds a password."""
    if problem := _problem(url):
        raise ValueError(f"{problem}; {FORM}")
    return url


def _problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_port_right = parts.port != 0
    except ValueError:
        return "its host or port cannot be read (a password with special characters must be percent-encoded)"
    if parts.scheme not in ("redis", "rediss"):
        return _OTHERS.get(parts.scheme, "it is not the URL of a Redis server")
    if not parts.hostname or "," in parts.hostname or not is_port_right:
        return "it must name one server"
    return "" if _is_database_number(parts) else "the database behind the slash is a number"


def _is_database_number(parts: SplitResult) -> bool:
    path = parts.path.removeprefix("/")
    return not path or (path.isascii() and path.isdecimal())
