"""The service's Celery application with a loop that comes to a standstill: `celery -A tests.processes.stuck`.

Whoever writes a program of its own around the service may do the same by mistake, in a handler of a signal.
ORQ_TEST_STUCK says which loop.
"""

import os
import threading
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_received

from orqsite.celery import app as app

STUCK = os.environ.get("ORQ_TEST_STUCK", "")


def stand_still(**_: Any) -> None:
    """Never return."""
    threading.Event().wait()


def keep_the_lock(**_: Any) -> None:
    """Take what the heartbeat needs and never give it back."""
    from workers.heartbeat import heartbeat

    heartbeat()._lock.acquire()


if STUCK == "tick":
    before_task_publish.connect(stand_still, weak=False)
if STUCK == "consumer":
    task_received.connect(stand_still, weak=False)
if STUCK == "heartbeat":
    task_postrun.connect(keep_the_lock, weak=False)
