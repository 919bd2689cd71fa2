"""Calls that wait sleep until their answers come; one thread asks for all of them whether they may go on."""

import threading
import time
from collections.abc import Callable

import pytest

from tests.workers.runtimes.factories import after, make_call, make_endpoint, never, wait_until
from tests.workers.runtimes.raw_server import speaking
from workers.runtimes import CallAborted, CallFailed, runtime_for
from workers.runtimes.http.aborting import abort_monitor

SILENT = b""


def call(url: str, should_abort: Callable[[], bool], **limits: float) -> None:
    runtime_for("responses").call(make_call(), make_endpoint(url, **limits), should_abort)


def timed_out(url: str, should_abort: Callable[[], bool]) -> None:
    with pytest.raises(CallFailed):
        call(url, should_abort, read=2)


def test_a_waiting_call_does_not_wake_to_ask() -> None:
    asked_by: list[int] = []
    is_over = after(1.6)

    def should_abort() -> bool:
        asked_by.append(threading.get_ident())
        return is_over()

    with speaking(SILENT) as url, pytest.raises(CallAborted):
        call(url, should_abort)

    elsewhere = [thread for thread in asked_by if thread != threading.get_ident()]
    assert len(elsewhere) >= 3, "every half second"
    assert len(asked_by) - len(elsewhere) <= 10, "around each operation, not while it waits"


def test_a_wish_that_cannot_be_asked_for_hurts_no_other_call() -> None:
    def broken() -> bool:
        if threading.current_thread().name == "call-abort-monitor":
            raise RuntimeError
        return False

    with speaking(SILENT) as url:
        other = threading.Thread(target=timed_out, args=(url, broken))
        other.start()
        wait_until(lambda: bool(abort_monitor()._waits))
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(CallAborted):
                call(url, after(0.1))
            assert time.monotonic() - began < 5
        other.join()


def test_nothing_is_kept_of_calls_that_are_over() -> None:
    with speaking(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", hang_up=True) as url:
        for _ in range(3):
            with pytest.raises(CallFailed):
                call(url, never)
    assert not abort_monitor()._waits
