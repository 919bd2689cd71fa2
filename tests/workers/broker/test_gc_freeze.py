"""A worker and a beat keep what they were started with out of the garbage collector's sight."""

import gc
import sys
from collections.abc import Iterator

import pytest
from celery.signals import beat_init, worker_ready
from celery.utils.dispatch import Signal
from django.apps import apps as app_registry
from pytest_django import Settings

from workers import apps
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


@pytest.mark.parametrize("off", [[], ["gc_freeze"], ["gc_freeze", "warm_up"]])
def test_what_is_off_is_not_even_imported(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, off: list[str]
) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"without": off})
    for module in apps.LISTENERS.values():
        monkeypatch.delitem(sys.modules, module, raising=False)

    app_registry.get_app_config("workers").ready()

    assert {name for name, module in apps.LISTENERS.items() if module not in sys.modules} == set(off)


@pytest.mark.parametrize("signal", [worker_ready, beat_init])
def test_workers_and_beats_do_it_once_they_have_started(signal: Signal) -> None:
    assert gc_freeze.set_aside in [receiver() for _, receiver in signal.receivers]
