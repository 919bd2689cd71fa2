"""How often something happened within the last minute, counted in Redis for all processes together.

Each limited thing is a hash of counts by second, so at most `per_minute` are let through in any 60 seconds counted
so, and the wait is known. Where the limit is high, a process that was let through may pass a few more before it asks
again, and counts them then: see LocalShares for how little that exceeds a limit.

Counting is a courtesy: while Redis cannot be reached nothing is refused, which costs one time-out and one warning,
not one a request.
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, Final, cast

import structlog
from django.conf import settings
from redis import RedisError

from schedules.limits.local_share import Limit, LocalShares
from schedules.limits.redis_client import impatient
from schedules.messages.breaker import Breaker

log = structlog.get_logger(__name__)

PREFIX: Final = "agent-schedules:rate:"
PAUSE_SECONDS: Final = 5.0
"""After a failure Redis is not asked again for this long."""
_TIMEOUT_SECONDS: Final = 0.2
"""Of connecting, and of an answer: together less than half a second."""

# One round trip and nothing between look and count: all limits let it through and count it, or none does. What was
# passed without asking is counted in either case. The answer: the wait, and what is left of each limit.
# By the server's clock, the same for all; a count of a second to come (that clock was set back) is dropped.
_CONSUME: Final = """
local now = tonumber(redis.call('TIME')[1])
local second_now = string.format('%.0f', now)
local answer = {0}
for number, key in ipairs(KEYS) do
  local limit, passed = tonumber(ARGV[2 * number - 1]), tonumber(ARGV[2 * number])
  if passed > 0 then
    redis.call('HINCRBY', key, second_now, passed)
    redis.call('EXPIRE', key, 60)
  end
  local counts = redis.call('HGETALL', key)
  local total, oldest = 0, now
  for at = 1, #counts, 2 do
    local second = tonumber(counts[at])
    if second <= now - 60 or second > now then
      redis.call('HDEL', key, counts[at])
    else
      total = total + tonumber(counts[at + 1])
      oldest = math.min(oldest, second)
    end
  end
  if total >= limit then
    answer[1] = math.max(answer[1], oldest + 60 - now)
  end
  answer[number + 1] = limit - total - 1
end
if answer[1] == 0 then
  for _, key in ipairs(KEYS) do
    redis.call('HINCRBY', key, second_now, 1)
    redis.call('EXPIRE', key, 60)
  end
end
return answer
"""


class RateCounter:
    """The counts of one Redis, as one process sees them."""

    def __init__(self, url: str, *, has_local_shares: bool = True) -> None:
        """Without local shares every call asks Redis."""
        self._has_local_shares = has_local_shares
        self._script = impatient(url, _TIMEOUT_SECONDS).register_script(_CONSUME)
        self._local_shares = LocalShares()
        self._breaker = Breaker(PAUSE_SECONDS)
        self._is_away = False

    def consume(self, limits: Sequence[Limit]) -> int:
        """Count one of each; 0, or the whole seconds to wait because one is used up: then none is counted."""
        counted = [limit for limit in limits if limit.per_minute]
        if not counted or self._breaker.is_open or self._local_shares.passes(counted):
            return 0
        try:
            wait = self._ask(counted)
        except (RedisError, OSError) as error:
            self._pass_over(error)
            return 0
        self._is_away = False
        return wait

    def _ask(self, limits: Sequence[Limit]) -> int:
        names = [PREFIX + limit.name for limit in limits]
        amounts = [(limit.per_minute, self._local_shares.end(limit)) for limit in limits]
        wait, *left = cast("Any", self._script(keys=names, args=list(chain.from_iterable(amounts))))
        if not wait and self._has_local_shares:
            for limit, still in zip(limits, left, strict=True):
                self._local_shares.begin(limit, still)
        return int(wait)

    def _pass_over(self, error: Exception) -> None:
        self._breaker.trip()
        was_away, self._is_away = self._is_away, True
        if not was_away:  # one line for an outage, however long
            log.warning("rate.not_counted", error=type(error).__name__)


@cache
def rate_counter_in(url: str) -> RateCounter:
    """The counts of the Redis at this URL."""
    return RateCounter(url, has_local_shares=settings.ORQ.uses("local_shares"))
