"""A process of the service that does one operation, as often as it is asked for.

`python -m bench.machinery_child OPERATION ARGUMENTS`. It takes a number off a list in Redis, does it that many times,
and puts on another what that took: processor seconds of its own and of the servers, and seconds by the clock.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

Work = Callable[[int], int]
"""Does the operation so many times; how often it did."""


def main(operation: str, **arguments: Any) -> None:
    """Serve until killed."""
    import django
    import redis
    from django.conf import settings

    django.setup()
    work, name = OPERATIONS[operation](**arguments), os.environ["PGAPPNAME"]
    broker: Any = redis.Redis.from_url(settings.ORQ.redis_url.get_secret_value(), socket_timeout=None)
    while True:
        _, count = broker.blpop([f"{name}:go"])
        broker.rpush(f"{name}:done", json.dumps(_measured(work, int(count), name, broker)))


def _measured(work: Work, count: int, name: str, broker: Any) -> dict[str, float]:
    from bench.machinery_cost import usage_of, used_between

    before, began, own = usage_of(name, broker), time.perf_counter(), time.process_time()
    done = work(count)
    own, clock = time.process_time() - own, time.perf_counter() - began
    return {
        "ours": own,
        "servers": used_between(before, usage_of(name, broker)),
        "clock": clock,
        "count": done,
    }


def _requests(paths: list[str], authorization: str, method: str, expected: str) -> Work:
    """Through the WSGI application, with all middleware."""
    from bench.retrieve import ask, environ_of

    environs = cycle(environ_of(path, authorization) | {"REQUEST_METHOD": method} for path in paths)

    def answer(count: int) -> int:
        for environ in islice(environs, count):
            ask(environ, expected)
        return count

    return answer


def _run_nows(schedule_ids: list[str]) -> Work:
    """The verb alone, whose request costs more than it."""
    from schedules.triggering import run_now

    ids = cycle(schedule_ids)

    def trigger(count: int) -> int:
        for schedule_id in islice(ids, count):
            run_now.trigger(schedule_id)
        return count

    return trigger


def _messages() -> Work:
    from schedules.messages import dispatch

    def send(count: int) -> int:
        assert dispatch.send_now([(f"run-{number}", 1) for number in range(count)])
        return count

    return send


def _fires() -> Work:
    """Whatever is due, as a beat fires it, until nothing is left."""
    from orqsite.celery import app
    from schedules.models import Run
    from workers.beat import ScheduleBeat

    beat = ScheduleBeat(app=app)

    def fire(_: int) -> int:
        before = Run.objects.count()
        while beat._fire_and_recover() == 0.0:  # noqa: SLF001 - the part under test
            pass
        return Run.objects.count() - before

    return fire


def _calls(url: str, in_flight: int, is_httpcore: bool) -> Work:
    from bench.machinery_calls import caller
    from bench.slow_agent import allow_many_sockets

    allow_many_sockets()
    return caller(url, in_flight, is_httpcore=is_httpcore)


OPERATIONS: dict[str, Callable[..., Work]] = {
    "requests": _requests,
    "run nows": _run_nows,
    "messages": _messages,
    "fires": _fires,
    "calls": _calls,
}


if __name__ == "__main__":
    main(sys.argv[1], **json.loads(sys.argv[2]))
