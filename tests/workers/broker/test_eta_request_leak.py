"""What Celery holds of a message goes with the run, not with the next full garbage collection."""

import gc
import time
import weakref
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from celery import Task, current_app
from celery.contrib.testing.mocks import TaskMessage
from celery.worker import strategy
from celery.worker.state import task_ready
from kombu.asynchronous.timer import Entry
from kombu.utils.imports import symbol_by_name
from pytest_django import Settings

from workers import tasks
from workers.broker import eta_request_leak
from workers.tasks import execute_run


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_celery_makes_its_requests_of_ours_and_gives_them_their_entry_of_the_timer() -> None:
    message = TaskMessage(execute_run.name, args=("run_1", 1), eta="2100-01-01T00:00:00+00:00")
    consumer = Mock(event_dispatcher=None, hostname="here", connection_errors=(), disable_rate_limits=True)
    consumer.controller.state.revoked = {}
    consumer.task_buckets = {execute_run.name: None}
    entry = Entry(print)
    consumer.timer.call_at.return_value = entry

    strategy.default(execute_run, current_app, consumer)(message, None, print, print, [])

    (_, _, (request,)), _ = consumer.timer.call_at.call_args
    assert isinstance(request, eta_request_leak.Request)
    held = [request._eta_timer_entry]
    request.on_accepted(1, time.monotonic())
    held.append(request._eta_timer_entry)
    assert held == [entry, None]


def test_where_it_is_off_celerys_own_task_is_used(settings: Settings) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"without": ["eta_leak"]})

    assert tasks._with_countdown() is Task


def test_a_request_that_waited_in_the_timer_goes_without_the_collector() -> None:
    message = TaskMessage(execute_run.name, args=("run_1", 1))
    request = symbol_by_name(execute_run.Request)(message, app=current_app, task=execute_run)
    request._eta_timer_entry = Entry(print, [request])  # as celery.worker.strategy leaves the two
    seen = weakref.ref(request)

    request.on_accepted(1, time.monotonic())
    task_ready(request)
    del request

    assert seen() is None
