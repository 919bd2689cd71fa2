"""A worker and a beat keep what they were started with out of the garbage collector's sight."""

import gc
from collections.abc import Iterator

import pytest
from celery.signals import beat_init, worker_ready
from celery.utils.dispatch import Signal

from workers.broker import gc_freeze


@pytest.fixture(autouse=True)
def _in_sight_again() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_there_is_set_aside_and_what_comes_later_is_collected() -> None:
    there = [object()]

    gc_freeze.set_aside()

    later = [object()]
    in_sight = {id(seen) for seen in gc.get_objects()}
    assert id(there) not in in_sight
    assert id(later) in in_sight


@pytest.mark.parametrize("signal", [worker_ready, beat_init])
def test_workers_and_beats_do_it_once_they_have_started(signal: Signal) -> None:
    assert gc_freeze.set_aside in [receiver() for _, receiver in signal.receivers]
