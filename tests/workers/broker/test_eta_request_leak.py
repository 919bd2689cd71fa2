"""What Celery holds of a message goes with the run, not with the next full garbage collection."""

import gc
import time
import weakref
from collections.abc import Iterator

import pytest
from celery import current_app
from celery.contrib.testing.mocks import TaskMessage
from celery.worker.state import task_ready
from kombu.asynchronous.timer import Entry
from kombu.utils.imports import symbol_by_name

from workers.tasks import execute_run


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_a_request_that_waited_in_the_timer_goes_without_the_collector() -> None:
    message = TaskMessage(execute_run.name, args=("run_1", 1))
    request = symbol_by_name(execute_run.Request)(message, app=current_app, task=execute_run)
    request._eta_timer_entry = Entry(print, [request])  # as celery.worker.strategy leaves the two
    seen = weakref.ref(request)

    request.on_accepted(1, time.monotonic())
    task_ready(request)
    del request

    assert seen() is None
