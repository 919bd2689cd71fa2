"""Passwords are hashed in one thread of low priority: a flood of logins slows nobody but itself."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from typing import Final

from django.contrib.auth.hashers import PBKDF2PasswordHasher

WAITING: Final = 2
"""Logins that may wait for their hash at one time, each of which keeps one of the process's threads."""
NICENESS: Final = 10

_places = threading.BoundedSemaphore(WAITING)


class PatientHasher(PBKDF2PasswordHasher):
    """Django's own hash, worked out elsewhere."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """The encoded hash."""
        return str(_worker().submit(super().encode, password, salt, iterations).result())


@contextmanager
def place() -> Iterator[bool]:
    """Whether there is a place to wait for a hash; it is free again after the block."""
    is_there = _places.acquire(blocking=False)
    try:
        yield is_there
    finally:
        if is_there:
            _places.release()


@cache
def _worker() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="hashing", initializer=_step_back)


def _step_back() -> None:
    """Linux gives each thread a priority of its own; elsewhere the one thread must do."""
    if os.uname().sysname == "Linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


os.register_at_fork(after_in_child=_worker.cache_clear)  # a thread stays behind in the parent
