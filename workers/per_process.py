"""One object a process: made when it is first asked for, and made anew in a forked child."""

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class PerProcess(Generic[Made]):
    """Called, gives this process's object; safe for any number of threads.

    A forked child has none of its parent's threads, must not write to its connections, and may have been forked
    while a lock was held that nobody in the child will release. So it begins with nothing of its parent's.
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        """For a name of a module: what is to be done after a fork cannot be taken back."""
        self._make = make
        self._made: Made | None = None
        self._lock = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forget)

    def __call__(self) -> Made:
        """The object; the first call makes it."""
        made = self._made
        if made is not None:
            return made
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def forget(self) -> None:
        """The next call makes another one."""
        self._made, self._lock = None, threading.Lock()
