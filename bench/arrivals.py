"""Watches a queue from outside: when does the message of which run arrive?"""

import base64
import json
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import redis


class Arrivals:
    """Takes every message off a queue while the block lasts; `at` maps a run's id to its arrival (epoch seconds)."""

    def __init__(self, broker: "redis.Redis", queue: str) -> None:
        self.at: dict[str, float] = {}
        self.message_count = 0
        self._broker, self._queue = broker, queue
        self._is_over = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="arrivals")
        self._watching: Future[None] | None = None

    def __enter__(self) -> Self:
        self._watching = self._thread.submit(self._watch)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.shutdown()
        if error is None and self._watching is not None:
            self._watching.result()  # a watch that broke off is no measurement

    def _watch(self) -> None:
        while not self._is_over.is_set():
            popped = self._broker.brpop([self._queue], timeout=1)
            if popped and (arguments := _arguments(popped[1])):  # housekeeping has none
                self.message_count += 1
                self.at.setdefault(arguments[0], time.time())


def next_message(broker: "redis.Redis", queue: str, patience: float) -> bytes | str:
    """Take the next message off the queue, housekeeping apart; AssertionError when none comes in so many seconds."""
    deadline = time.monotonic() + patience
    while True:
        popped = broker.brpop([queue], timeout=1)
        if popped and _arguments(popped[1]):
            message: bytes | str = popped[1]
            return message
        assert time.monotonic() < deadline, f"no message in {patience:.0f} s"


def arguments_of(message: bytes | str) -> tuple[str, int]:
    """(run id, generation) in a run's message as Celery writes it."""
    run_id, generation = _arguments(message)
    return str(run_id), int(generation)


def _arguments(message: bytes | str) -> list[Any]:
    arguments, _, _ = json.loads(base64.b64decode(json.loads(message)["body"]))
    return list(arguments)
