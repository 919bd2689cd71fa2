"""Failed logins by name and address, and by address: after a few, nobody is let in from there for a while.

Never by name alone: whoever knows a name could keep its owner out. An attempt is counted before its password is
hashed, and taken back when it was right, so that many at once are no way around. In Redis; in the database while
Redis cannot be reached.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, cast

import structlog
from django.conf import settings
from django.db import transaction
from redis import Redis, RedisError

from schedules.database.clock import database_now
from schedules.limits.redis_client import impatient
from schedules.models import LoginFailures

log = structlog.get_logger(__name__)

OF_A_PAIR: Final = 5
"""Failures of one name from one address, after which it waits."""
OF_AN_ADDRESS: Final = 50
FIRST_WAIT: Final = 60
LONGEST_WAIT: Final = 900
FORGOTTEN_AFTER: Final = 3600
"""Seconds after the last failure."""

_PREFIX: Final = "agent-schedules:login:"
_TIMEOUT_SECONDS: Final = 0.2

# Nothing between look and count. By the server's clock, the same for all processes.
_BEGIN: Final = f"""
local now = tonumber(redis.call('TIME')[1])
local wait = 0
for number, key in ipairs(KEYS) do
  local kept = redis.call('HMGET', key, 'count', 'at')
  local beyond = tonumber(kept[1] or 0) - tonumber(ARGV[number])
  if beyond >= 0 then
    local pause = math.min({FIRST_WAIT} * 2 ^ math.min(beyond, 10), {LONGEST_WAIT})
    wait = math.max(wait, math.ceil(tonumber(kept[2]) + pause - now))
  end
end
if wait > 0 then return wait end
for _, key in ipairs(KEYS) do
  redis.call('HINCRBY', key, 'count', 1)
  redis.call('HSET', key, 'at', now)
  redis.call('EXPIRE', key, {FORGOTTEN_AFTER})
end
return 0
"""

# A success forgets the failures of the pair, and of the address only the attempt itself: else whoever has one login
# could try all others for ever.
_FORGET: Final = """
redis.call('DEL', KEYS[1])
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('HINCRBY', KEYS[2], 'count', -1) end
"""


def begin(name: str, address: str) -> float:
    """Count an attempt; 0, or the seconds to wait: then nothing is counted, and nothing may be hashed."""
    limits = _limits(name, address)
    try:
        return float(cast("Any", _redis().eval(_BEGIN, len(limits), *limits, *limits.values())))
    except (RedisError, OSError) as error:
        log.warning("login.not_counted_in_redis", error=type(error).__name__)
        return _begin_in_the_database(limits)


def forget(name: str, address: str) -> None:
    """The attempt was right."""
    limits = _limits(name, address)
    try:
        _redis().eval(_FORGET, len(limits), *limits)
    except (RedisError, OSError):
        _forget_in_the_database(limits)


def _limits(name: str, address: str) -> Mapping[str, int]:
    """What is counted and how far; hashed, since names and addresses are people's."""
    place = _network(address)
    return {_key("pair", name.casefold(), place): OF_A_PAIR, _key("address", place): OF_AN_ADDRESS}


def _key(*parts: str) -> str:
    return _PREFIX + sha256("\0".join(parts).encode()).hexdigest()


def _network(address: str) -> str:
    """An IPv6 client has a whole /64 to choose from."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    return f"{int(read) >> 64:x}/64" if isinstance(read, IPv6Address) else address


@transaction.atomic
def _begin_in_the_database(limits: Mapping[str, int]) -> float:
    now = database_now()
    LoginFailures.objects.filter(last_at__lt=now - timedelta(seconds=FORGOTTEN_AFTER)).delete()
    LoginFailures.objects.bulk_create(
        [LoginFailures(key=key, count=0, last_at=now) for key in sorted(limits)], ignore_conflicts=True
    )
    counted = list(LoginFailures.objects.select_for_update().filter(key__in=limits).order_by("key"))
    wait = max(
        (each.last_at - now).total_seconds() + _pause(each.count, limits[each.key]) for each in counted
    )
    if wait > 0:
        return wait
    for each in counted:
        LoginFailures.objects.filter(key=each.key).update(count=each.count + 1, last_at=now)
    return 0


def _pause(count: int, limit: int) -> float:
    return min(FIRST_WAIT * 2 ** min(count - limit, 10), LONGEST_WAIT) if count >= limit else 0


@transaction.atomic
def _forget_in_the_database(limits: Mapping[str, int]) -> None:
    pair, address = limits
    LoginFailures.objects.filter(key=pair).delete()
    for counted in LoginFailures.objects.select_for_update().filter(key=address):
        LoginFailures.objects.filter(key=address).update(count=max(0, counted.count - 1))


@cache
def _redis() -> "Redis":
    return impatient(settings.ORQ.redis_url.get_secret_value(), _TIMEOUT_SECONDS)
