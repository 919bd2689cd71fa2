"""Whether the broker takes messages, found out by a message that is put on the queue and taken off it in one step."""

from typing import Any, Final

import structlog
from celery import current_app
from django.conf import settings
from redis import Redis, RedisError
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterCrossSlotError,
    ClusterError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)

from schedules.health import rabbitmq, states
from schedules.limits.redis_client import impatient

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS: Final = 1.0
PROBE: Final = b"probe of health, never delivered"

_KINDS: Final = (
    (OutOfMemoryError, states.OUT_OF_MEMORY),
    (ReadOnlyError, states.READ_ONLY),
    (NoPermissionError, states.NO_PERMISSION),
    (AuthenticationError, states.NO_PERMISSION),
    (BusyLoadingError, states.LOADING),
    (ClusterError, states.CLUSTER),
    (ClusterCrossSlotError, states.CLUSTER),
    (MovedError, states.CLUSTER),
)
_WORDS: Final = {
    "NOREPLICAS": states.NO_REPLICAS,
    "WRONGTYPE": states.WRONG_TYPE,
    "MISCONF": states.NOT_PERSISTING,
}
"""Errors of the server that the client has no class for."""


def broker_state() -> str:
    """OK, or the state that keeps messages from being sent or received."""
    url: str = settings.ORQ.effective_broker_url
    try:
        if is_redis(url):
            with impatient(url, TIMEOUT_SECONDS) as redis:
                return _ask(redis, _queue())
        state = rabbitmq.state()
    except Exception as error:  # a client of a broker may raise anything, and its health is a word
        state = _state_of(error)
        log.warning("health.part_failed", part="broker", state=state, error=str(error)[:300])
        return state
    if state != states.OK:
        log.warning("health.part_failed", part="broker", state=state, error="")
    return state


def is_redis(url: str) -> bool:
    """Whether it is the URL of a Redis or Valkey server."""
    return url.startswith("redis")


def is_cluster(url: str) -> bool:
    """Whether the server of this Redis URL is certainly a cluster; one that does not answer may be anything."""
    try:
        with impatient(url, TIMEOUT_SECONDS) as redis:
            _reach_all_keys(redis, _queue())
    except (RedisError, OSError) as error:
        return _state_of(error) == states.CLUSTER
    return False


def _ask(redis: "Redis", queue: str) -> str:
    _reach_all_keys(redis, queue)
    if wrong := _of_another_type(redis, queue):
        log.warning("health.part_failed", part="broker", state=states.WRONG_TYPE, error=f"the key {wrong}")
        return states.WRONG_TYPE
    # Both or none, and nothing in between: whoever waits on the queue never sees it.
    both: Any = redis.pipeline(transaction=True)
    both.lpush(queue, PROBE)
    both.lpop(queue)
    both.execute()
    return states.OK


def _queue() -> str:
    return str(current_app.conf.task_default_queue)


def _reach_all_keys(redis: "Redis", queue: str) -> None:
    """Celery uses these together, which a cluster refuses."""
    redis.exists(*_types(queue))


def _types(queue: str) -> dict[str, bytes]:
    """The keys of Celery's Redis transport, and what each holds."""
    return {queue: b"list", f"_kombu.binding.{queue}": b"set", "unacked": b"hash", "unacked_index": b"zset"}


def _of_another_type(redis: "Redis", queue: str) -> str:
    types, pipeline = _types(queue), redis.pipeline(transaction=False)
    for key in types:
        pipeline.type(key)
    found = zip(types.items(), pipeline.execute(), strict=True)
    return next((key for (key, wanted), is_ in found if is_ not in (wanted, b"none")), "")


def _state_of(error: Exception) -> str:
    named = [state for kind, state in _KINDS if isinstance(error, kind)]
    named += [state for word, state in _WORDS.items() if word in str(error)]
    if named:
        return named[0]
    is_answer = isinstance(error, ResponseError | ValueError)
    return states.FAILED if is_answer else states.UNREACHABLE
