"""What BROKER_URL may be, Redis, Valkey or RabbitMQ, and how Celery is told of it."""

import ssl
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from orqsite.servers import tls_options
from orqsite.servers.redis_url import read_redis_url, split

FORM: Final = (
    "write redis://host:6379/0 or amqp://user:password@host:5672/vhost, or rediss:// and amqps:// for TLS"
)
RABBITMQ: Final = ("amqp", "amqps")
_TLS: Final = ("rediss", "amqps")


class CeleryBroker(NamedTuple):
    """A broker as Celery's settings say it."""

    url: str
    tls: dict[str, Any] | bool
    is_redis: bool


def read_broker_url(url: str) -> str:
    """The URL with its TLS options as redis-py writes them; ValueError with a sentence that shows nothing of it."""
    if urlsplit(url).scheme not in RABBITMQ:
        return read_redis_url(url)
    try:
        parts = split(url)
        options = tls_options.read_options(parts.query, is_tls=parts.scheme == "amqps")
    except ValueError as problem:
        raise ValueError(f"{problem}; {FORM}") from None
    return parts._replace(query=urlencode(options, safe="/")).geturl()


def celery_broker(url: str) -> CeleryBroker:
    """Of a URL that was read: without options, which Celery would read in ways of its own."""
    parts = urlsplit(url)
    is_redis = parts.scheme not in RABBITMQ
    told = parts._replace(query="").geturl()
    if parts.scheme not in _TLS:
        return CeleryBroker(told, False, is_redis)
    options = dict(parse_qsl(parts.query))
    tls = _for_redis(options) if is_redis else _for_rabbitmq(options, str(parts.hostname))
    return CeleryBroker(told, tls, is_redis)


def _for_redis(options: dict[str, str]) -> dict[str, Any]:
    """Arguments of redis-py's connection."""
    return {
        **options,
        tls_options.VERIFY: _requirement(options),
        tls_options.NAME: tls_options.is_name_checked(options),
    }


def _for_rabbitmq(options: dict[str, str], host: str) -> dict[str, Any]:
    """Arguments of py-amqp's transport. The name is left out where it is not checked: kombu would fill in None."""
    name = {"server_hostname": host} if tls_options.is_name_checked(options) else {}
    return {
        **name,
        "cert_reqs": _requirement(options),
        "ca_certs": options.get(tls_options.AUTHORITY),
        "certfile": options.get(tls_options.CERTIFICATE),
        "keyfile": options.get(tls_options.KEY),
    }


def _requirement(options: dict[str, str]) -> ssl.VerifyMode:
    return ssl.CERT_REQUIRED if tls_options.is_verified(options) else ssl.CERT_NONE
