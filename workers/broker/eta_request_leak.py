"""The worker's request: what Celery keeps of a message from its arrival to its acknowledgement."""

from typing import Any

from celery import Task
from celery.worker import request


class Request(request.Request):
    """A request that lets go of its timer once it has been taken up.

    A message with a countdown waits as an entry of the worker's timer; request and entry hold each other
    (celery.worker.strategy, since 5.7), so that what they hold, some 5 KB, stays until a full collection, and
    a full collection stops all threads.
    """

    def on_accepted(self, pid: Any, time_accepted: float) -> None:
        """A thread takes it up: the entry has done its work."""
        self._eta_timer_entry = None
        super().on_accepted(pid, time_accepted)


class RequestedTask(Task):  # type: ignore[type-arg]
    """A task whose messages may wait with a countdown."""

    Request = "workers.broker.eta_request_leak:Request"
