"""A prototype, not part of the product: the same runs executed by an asyncio loop instead of threads.

`python -m bench.asyncio_worker MOST_IN_FLIGHT`. Claims and finishes are the product's verbs, in ten threads,
because Django's ORM is synchronous; leases are kept by the product's heartbeat; only the call itself is a
coroutine. It takes messages off the queue without Celery and gives nothing back when it ends: see COST.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import django
import httpcore2

from bench.slow_agent import allow_many_sockets

COST = """\
What an asyncio executor would cost. Code: a Celery pool of our own (Celery has none for asyncio: consumer,
acknowledgement, limits, warm shutdown and remote control meet threads or processes), an async twin of the
runtime's connection, watch and polling code (about 700 lines of workers/runtimes, whose guard of addresses and
deadlines is synchronous) and its tests; the ORM stays synchronous, so claims and finishes still run in threads.
Crash safety: the same database protocols hold, but one blocked or endless callback stops every call of the
process at once, its heartbeat included if that moved into the loop, where a stuck thread costs one run; and a
cancelled coroutine can end between the agent's answer and its recording, which needs shielding everywhere."""

T = TypeVar("T")


class Executor:
    """Takes run ids off the queue and keeps up to `most` calls in flight."""

    def __init__(self, most: int) -> None:
        self._free = asyncio.Semaphore(most)
        self._threads = ThreadPoolExecutor(10)
        self._idle: list[httpcore2.AsyncHTTPConnection] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def work(self) -> None:
        """Until the process ends."""
        import redis.asyncio
        from django.conf import settings

        from bench.arrivals import arguments_of
        from orqsite.broker import QUEUE

        broker = redis.asyncio.Redis.from_url(settings.ORQ.redis_url.get_secret_value())
        while True:
            await self._free.acquire()
            popped = None
            while popped is None:
                popped = await broker.brpop([QUEUE], timeout=1)
            task = asyncio.create_task(self._execute(*arguments_of(popped[1])))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._free.release()
        if task.exception():
            print(repr(task.exception()), file=sys.stderr, flush=True)

    async def _execute(self, run_id: str, generation: int) -> None:
        from schedules.database.clock import database_now
        from schedules.runs import claiming
        from schedules.runs.claimed import Claimed
        from workers.heartbeat import heartbeat

        lease_heartbeat = heartbeat()
        claimed_at = time.monotonic()
        claimed = await self._in_thread(
            lambda: claiming.claim(
                run_id, generation, lease_heartbeat.worker, database_now(), lease_heartbeat.lease
            )
        )
        if not isinstance(claimed, Claimed):
            return
        with lease_heartbeat.keeping_lease(claimed, claimed_at):
            document = await self._call(claimed)
        await self._in_thread(partial(_record, claimed, document))

    async def _call(self, claimed: Any) -> dict[str, Any]:
        body = {"model": f"agent/{claimed.agent.key}", "input": claimed.payload["input"]}
        headers: dict[bytes | str, bytes | str] = {
            "Host": "127.0.0.1",
            "Content-Type": "application/json",
            "Idempotency-Key": claimed.run_id,
            "X-Run-Attempt": str(claimed.attempt),
        }
        url = httpcore2.URL(claimed.agent.base_url + claimed.agent.path)
        connection = self._connection(url.origin)
        answer = await connection.request("POST", url, headers=headers, content=json.dumps(body).encode())
        if connection.is_available():
            self._idle.append(connection)
        document: dict[str, Any] = json.loads(answer.content)
        return document

    def _connection(self, origin: httpcore2.Origin) -> httpcore2.AsyncHTTPConnection:
        """One that is open, or a new one; as in the product there is no pool that looks through all of them."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_available() and not connection.has_expired():
                return connection
        return httpcore2.AsyncHTTPConnection(origin, keepalive_expiry=1.9)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _and_let_go, call)


def _and_let_go(call: Callable[[], T]) -> T:
    from django.db import connection

    try:
        return call()
    finally:
        connection.close()


def _record(claimed: Any, document: dict[str, Any]) -> None:
    from schedules.database.clock import database_now
    from schedules.runs import finishing
    from workers.runtimes.answers import answer_of

    answer = answer_of(document, str)
    finishing.succeed(
        claimed.run_id,
        claimed.attempt,
        database_now(),
        response_id=answer.response_id or "",
        output=answer.output,
        output_text=answer.output_text,
        usage=answer.usage,
        trace_id=answer.trace_id or "",
    )


async def _main(most: int) -> None:
    await Executor(most).work()


if __name__ == "__main__":
    django.setup()
    allow_many_sockets()
    asyncio.run(_main(int(sys.argv[1])))
