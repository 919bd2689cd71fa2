"""The broker of the model: a bag of messages. It replaces the sending edge, the one thing the model replaces."""

import threading
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from django.db import connection

Message = tuple[str, int]
"""(run id, generation)"""

LONG_QUEUE = 100_000


class Sending(StrEnum):
    """What becomes of the messages that are sent."""

    ARRIVES = "arrives"
    IS_LOST = "is lost"
    IS_DOUBLED = "is doubled"
    KILLS = "kills the sender"


class SenderKilled(BaseException):
    """The process died after its commit and before its messages left."""


class Broker:
    """Messages that were ever sent (each may come at any time, and again), and how the broker behaves now."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """A new, empty broker that works."""
        self.sent: list[Message] = []
        self._of_thread = threading.local()
        self.queued = 0
        self.sending = Sending.ARRIVES
        self.length: int | None = 0

    def send_now(self, runs: Iterable[Message]) -> bool:
        """Stands for `dispatch.send_now`."""
        assert not connection.in_atomic_block, "a message left before the commit"
        messages = sorted(runs)  # of a batch the database chooses the order
        self._of_thread.attempted = [*self._attempted(), *messages]
        if self.sending is Sending.KILLS and messages:
            raise SenderKilled
        if self.sending is Sending.IS_LOST:
            return False
        arrived = messages * (2 if self.sending is Sending.IS_DOUBLED else 1)
        self.sent += arrived
        self.queued += len(arrived)
        return True

    def send_later(self, run_id: str, generation: int, delay: timedelta) -> bool:
        """Stands for `dispatch.send_later`; when a message comes is the machine's choice anyway."""
        del delay
        return self.send_now([(run_id, generation)])

    def queue_length(self) -> int | None:
        """Stands for `dispatch.queue_length`."""
        return self.length

    def take_attempted(self) -> list[Message]:
        """What this thread's process sent since the last call, whether or not it arrived."""
        messages, self._of_thread.attempted = self._attempted(), []
        return messages

    def _attempted(self) -> list[Message]:
        return getattr(self._of_thread, "attempted", [])


broker = Broker()
