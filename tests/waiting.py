"""Waiting for a condition with a deadline: the only way tests wait."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found], seconds: float = 10.0, what: str = "") -> Found:
    """The first truthy answer of `look`; AssertionError when there is none within `seconds`."""
    deadline = time.monotonic() + seconds
    while not (result := look()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what or look}"
        time.sleep(0.05)
    return result
