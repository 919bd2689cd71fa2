"""What stands in the broker's queue, read the way any other Celery worker would read it."""

import base64
import json
from typing import Any

import redis

from orqsite.broker import QUEUE


def queued(valkey: redis.Redis) -> list[tuple[str, list[Any]]]:
    """(task name, arguments) of every queued message, oldest first."""
    messages = []
    for raw in reversed(valkey.lrange(QUEUE, 0, -1)):
        message = json.loads(raw)
        args, _, _ = json.loads(base64.b64decode(message["body"]))
        messages.append((message["headers"]["task"], args))
    return messages


def queued_etas(valkey: redis.Redis) -> list[str | None]:
    """The ETA header of every queued message, oldest first."""
    raws = reversed(valkey.lrange(QUEUE, 0, -1))
    return [json.loads(raw)["headers"]["eta"] for raw in raws]
