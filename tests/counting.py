"""How much work code does, without a clock: what a busy machine cannot change."""

import socket
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps(work: Callable[[], object]) -> int:
    """How many lines of Python `work` runs and functions written in C it calls, in this thread.

    What a function in C does inside (a regular expression, `int`) is one step: use `growth` for that.
    """
    counter = _Counter()
    before = sys.gettrace(), sys.getprofile()
    sys.settrace(counter.trace)
    sys.setprofile(counter.profile)
    try:
        work()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return counter.count


def socket_calls(work: Callable[[], object]) -> int:
    """How often `work` connects, sends or receives on a socket of Python's, in this thread."""
    count = 0

    def profile(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal count
        count += event == "c_call" and isinstance(getattr(arg, "__self__", None), socket.socket)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


class _Counter:
    def __init__(self) -> None:
        self.count = 0

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        self.count += event == "line"
        return self.trace

    def profile(self, frame: FrameType, event: str, arg: Any) -> None:
        self.count += event == "c_call"


def growth(work: Callable[[int], object], size: int, factor: int) -> float:
    """How many times the processor time `work(size)` takes `work(size * factor)` takes; the best of three each.

    About `factor` for linear work, its square for quadratic work, on a slow or busy machine as well.
    """
    return _cheapest(lambda: work(size * factor)) / _cheapest(lambda: work(size))


def _cheapest(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(3):
        started = time.thread_time()
        work()
        taken.append(time.thread_time() - started)
    return min(taken)
