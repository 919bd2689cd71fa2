"""kombu's Redis transport with those mends that are on; what is off, or cannot be made, is not touched."""

from importlib import import_module
from typing import Any, cast

import structlog
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES, redis

log = structlog.get_logger(__name__)


def use_for_redis_urls() -> None:
    """From now on `redis://` and `rediss://` mean this transport, in this process; it is made when it is needed."""
    for scheme in ("redis", "rediss"):
        cast("dict[str, Any]", TRANSPORT_ALIASES)[scheme] = made


def made() -> type[Any]:
    """The transport, as ORQ_WITHOUT leaves it; kombu's own when kombu no longer has what a mend is made of."""
    try:
        return _mended()
    except Exception as error:  # whatever it is: kombu's own needs none of it
        log.warning("broker.transport_not_mended", error=type(error).__name__)
        return redis.Transport


def _mended() -> type[Any]:
    transport: type[Any] = redis.Transport
    if settings.ORQ.uses("message_batches"):
        transport = _mend("round_trips_per_message").Transport
    if settings.ORQ.uses("shared_client"):
        of_both = {"Channel": type("Channel", (_mend("client_per_command").Channel, transport.Channel), {})}
        transport = type("Transport", (transport,), of_both)
    return _dropping_strays(transport)


def _dropping_strays(transport: type[Any]) -> type[Any]:
    stray = _mend("stray_messages")
    qos = type("QoS", (stray.DroppingQoS, transport.Channel.QoS), {})
    channel = type("Channel", (stray.DroppingChannel, transport.Channel), {"QoS": qos})
    return type("Transport", (stray.DroppingTransport, transport), {"Channel": channel})


def _mend(name: str) -> Any:
    """The module; AttributeError where kombu has lost what it uses: better found now than with each message."""
    mend = import_module(f"workers.broker.{name}")
    for owner, names in mend.USES.items():
        for used in names:
            getattr(owner, used)
    return mend
