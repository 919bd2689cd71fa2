"""What may happen to a process at the database: its connection is cut, or it is held up while another goes on."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection


class Cut(OperationalError):
    """The connection was lost before the statement reached the database."""


@contextmanager
def cut_before(statement: int | None) -> Iterator[None]:
    """Cut the connection before the block's statement of this number (from 0); None: never."""
    if statement is None:
        yield
        return
    done = 0

    def execute_or_cut(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal done
        if _reads_the_clock(arguments):
            return execute(*arguments)
        if done == statement:
            raise Cut
        done += 1
        return execute(*arguments)

    with connection.execute_wrapper(execute_or_cut):
        yield


def _reads_the_clock(arguments: Sequence[Any]) -> bool:
    """It comes once in some real seconds, wherever an act is then: counted, it would make each example another."""
    return bool(arguments[0] == "SELECT clock_timestamp()")


class Session:
    """Another process's database session: one thread with a connection of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._paused, self._may_go_on = threading.Event(), threading.Event()
        self.pid: int = self._thread.submit(_backend_pid).result(timeout=30)

    def start(self, call: Callable[[], Any], pause_before: int | None = None) -> Future[Any]:
        """Make the call in this session, held up before the statement of that number until `go_on`."""
        self._paused.clear()
        self._may_go_on.clear()
        return self._thread.submit(self._call, call, pause_before)

    def _call(self, call: Callable[[], Any], pause_before: int | None) -> Any:
        done = 0

        def execute_or_wait(execute: Callable[..., Any], *arguments: Any) -> Any:
            nonlocal done
            if _reads_the_clock(arguments):
                return execute(*arguments)
            if done == pause_before:
                self._paused.set()
                assert self._may_go_on.wait(timeout=30)
            done += 1
            return execute(*arguments)

        with connection.execute_wrapper(execute_or_wait):
            return call()

    def wait_until_paused(self, call: Future[Any]) -> bool:
        """Whether the call is held up; False: it has ended before that."""
        while not (call.done() or self._paused.is_set()):
            time.sleep(0.0005)
        return not call.done()

    def wait_until_blocked(self, call: Future[Any]) -> bool:
        """Whether the call waits for another session's lock; False: it has ended."""
        while not call.done():
            if _is_blocked(self.pid):
                return True
            time.sleep(0.001)
        return False

    def go_on(self) -> None:
        """End the hold-up."""
        self._may_go_on.set()

    def close(self) -> None:
        """End the session."""
        self._thread.submit(_close).result(timeout=30)
        self._thread.shutdown()


def _close() -> None:
    connection.close()  # of this thread: taking `connection.close` elsewhere would take another thread's


def _backend_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _is_blocked(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
        return bool(cursor.fetchone()[0])
