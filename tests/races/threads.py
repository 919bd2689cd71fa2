"""Other database sessions: functions run in threads of their own, each with its own connection."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, transaction

from tests.waiting import wait_for

Result = TypeVar("Result")


def at_once(calls: list[Callable[[], Result]]) -> list[Result]:
    """Make all calls at the same moment, each on its own connection; their results in order."""
    start = threading.Barrier(len(calls))
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(_alone, lambda call=call: (start.wait(), call())[1]) for call in calls]
        return [future.result(timeout=60) for future in futures]


@contextmanager
def elsewhere(call: Callable[[], Result]) -> Iterator[Future[Result]]:
    """Make the call on another connection while the block goes on; its result is ready after the block."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(_alone, call)


@contextmanager
def open_transaction(change: Callable[[], object]) -> Iterator[None]:
    """Another session has made the change and not committed it yet; it commits when the block ends."""
    changed, may_commit = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            change()
            changed.set()
            may_commit.wait(timeout=30)

    with elsewhere(hold) as begun:
        try:
            wait_for(lambda: changed.is_set() or begun.done(), what="the other session's change")
            assert changed.is_set(), begun.exception()
            yield
        finally:
            may_commit.set()


def wait_until_blocked(count: int = 1) -> None:
    """Return when `count` PostgreSQL sessions of this database wait for a lock."""

    def blocked() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return bool(cursor.fetchone()[0] >= count)

    wait_for(blocked, what=f"{count} session(s) to wait for a lock")


def _alone(call: Callable[[], Result]) -> Result:
    try:
        return call()
    finally:
        connection.close()
