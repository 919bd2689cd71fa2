"""When a loop counts as standing still."""

import threading
import time
from typing import Any

import pytest
from django.db import connection

from workers import loops


@pytest.fixture(autouse=True)
def _no_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """No loop but the test's: heartbeats that earlier tests left in this process go round all the time."""
    monkeypatch.setattr(loops, "_loops", _OfThisTest())


class _OfThisTest(dict[str, Any]):
    """Loops by name, without those of threads that were there before the test."""

    def __init__(self) -> None:
        super().__init__()
        self._strangers = set(threading.enumerate()) - {threading.current_thread()}

    def setdefault(self, name: str, loop: Any = None) -> Any:
        is_stranger = threading.current_thread() in self._strangers
        return loop if is_stranger else super().setdefault(name, loop)


def stillness(name: str) -> float:
    return loops._loops[name].stood_seconds


def test_a_loop_is_watched_from_its_first_round_on() -> None:
    assert loops.idle().total_seconds() == 0

    loops.went_round("tick")
    time.sleep(0.05)

    assert 0.05 <= loops.idle().total_seconds() < 1


def test_a_thread_of_an_earlier_test_is_no_loop_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    begin, ended = threading.Event(), threading.Event()

    def go_round() -> None:
        begin.wait()
        loops.went_round("heartbeat")
        ended.set()

    threading.Thread(target=go_round).start()
    monkeypatch.setattr(loops, "_loops", _OfThisTest())

    begin.set()
    ended.wait()

    assert loops.idle().total_seconds() == 0


def test_only_time_without_a_round_counts() -> None:
    loops.went_round("tick")
    loops.count_stillness(1)  # the first look sees the first round
    loops.count_stillness(1)
    loops.count_stillness(1)
    assert stillness("tick") == 2

    loops.went_round("tick")
    loops.count_stillness(1)

    assert stillness("tick") == 0


def test_a_loop_that_ends_in_order_is_forgotten() -> None:
    loops.went_round("consumer")

    loops.ends("consumer")
    loops.ends("consumer")

    loops.count_stillness(1)
    assert loops.idle().total_seconds() == 0


@pytest.mark.postgresql
@pytest.mark.django_db
def test_waiting_for_the_database_is_not_standing_still() -> None:
    asked = threading.Event()

    def wait() -> None:
        loops.went_round("tick")
        asked.set()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1)")
        connection.close()

    thread = threading.Thread(target=wait)
    thread.start()
    asked.wait()
    time.sleep(0.5)
    for _ in range(3):
        loops.count_stillness(1)
    waiting = stillness("tick")
    thread.join()

    assert waiting == 0
