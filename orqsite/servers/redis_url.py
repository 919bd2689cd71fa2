"""What REDIS_URL may be: one Redis or Valkey server, which both Celery and our own connections reach by that URL."""

from typing import Final
from urllib.parse import SplitResult, urlencode, urlsplit

from orqsite.servers.tls_options import read_options

FORM: Final = "write redis://host:6379/0, or rediss:// for TLS"
CLUSTER: Final = "a Redis Cluster cannot be the broker: Celery's queues need all their keys on one server"
SCHEMES: Final = ("redis", "rediss")
UNREADABLE: Final = (
    "its host or port cannot be read (a password with special characters must be percent-encoded)"
)

_OTHERS: Final = {
    "amqp": "RabbitMQ belongs into BROKER_URL",
    "amqps": "RabbitMQ belongs into BROKER_URL",
    "sentinel": "Sentinel is not supported: name the server itself, or a proxy that follows it",
    "redis+cluster": CLUSTER,
    "rediss+cluster": CLUSTER,
}


def read_redis_url(url: str) -> str:
    """The URL with its TLS options as redis-py writes them.

    ValueError with a sentence that shows nothing of it: it holds a password.
    """
    try:
        parts = split(url)
        return _read(parts)
    except ValueError as problem:
        raise ValueError(f"{problem}; {FORM}") from None


def split(url: str) -> SplitResult:
    """The parts of a URL of one server; ValueError with a sentence."""
    try:
        parts = urlsplit(url)
        is_port_right = parts.port != 0
    except ValueError:
        raise ValueError(UNREADABLE) from None
    if parts.scheme in (*SCHEMES, "amqp", "amqps") and (
        not parts.hostname or "," in parts.hostname or not is_port_right
    ):
        raise ValueError("it must name one server")
    return parts


def _read(parts: SplitResult) -> str:
    if parts.scheme not in SCHEMES:
        raise ValueError(_OTHERS.get(parts.scheme, "it is not the URL of a Redis server"))
    if not _is_database_number(parts):
        raise ValueError("the database behind the slash is a number")
    options = read_options(parts.query, is_tls=parts.scheme == "rediss")
    return parts._replace(query=urlencode(options, safe="/")).geturl() if options else parts.geturl()


def _is_database_number(parts: SplitResult) -> bool:
    path = parts.path.removeprefix("/")
    return not path or (path.isascii() and path.isdecimal())
