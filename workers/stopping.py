"""This process is asked to end: its calls may go on for a while; then they are handed back.

Whoever asked kills it after `ORQ_WORKER_STOP_SECONDS`. What has not ended shortly before that is aborted, and another
worker goes on with it at once: nobody waits for a lease to run out, and no attempt is spent.
"""

import time
from typing import Final

HAND_BACK_SECONDS: Final = 5.0
"""What aborting the calls and storing what became of their runs may take."""


class Stop:
    """When this process ends."""

    def __init__(self) -> None:
        self._hand_back_at: float | None = None

    def begin(self, stop_seconds: float) -> None:
        """In so many seconds this process is killed; asking again changes nothing."""
        if self._hand_back_at is None:
            self._hand_back_at = time.monotonic() + max(0.0, stop_seconds - HAND_BACK_SECONDS)

    def is_due(self) -> bool:
        """Whether calls are handed back, and none begins; cheap, and stays true."""
        return self._hand_back_at is not None and time.monotonic() >= self._hand_back_at


stop: Final = Stop()
"""Of this process: a worker has one, whose threads make the calls."""
