"""kombu's Redis transport, mended where that is on and possible."""

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
    """Our transport; kombu's own when ORQ_WITHOUT says so, or when kombu no longer has what ours is made of."""
    if not settings.ORQ.uses("message_batches"):
        return redis.Transport
    try:
        return _mended()
    except Exception as error:  # whatever it is: kombu's own needs none of it
        log.warning("broker.transport_not_mended", error=type(error).__name__)
        return redis.Transport


def _mended() -> type[Any]:
    """AttributeError where kombu has lost what is used: better found now than with each message."""
    mend = import_module("workers.broker.round_trips_per_message")
    for owner, names in mend.USES.items():
        for used in names:
            getattr(owner, used)
    transport: type[Any] = mend.Transport
    return transport
