"""The edges of the model: its broker in place of the real one, and two database sessions to overlap."""

import logging
from collections.abc import Iterator

import pytest

from schedules.messages import dispatch
from tests.proofs.model.broker import broker
from tests.proofs.model.faults import Session
from tests.proofs.model.ids import count_ids
from tests.proofs.model.machine import Machine
from tests.proofs.model.overlaps import overlaps_are_possible


@pytest.fixture
def model_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the service sends goes into the model's bag, and ids come in order; nothing else is replaced."""
    count_ids(monkeypatch)
    for name in ("send_now", "send_later", "queue_length"):
        monkeypatch.setattr(dispatch, name, getattr(broker, name))


@pytest.fixture
def sessions(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two other processes' database sessions, where the database knows more than one writer."""
    if not overlaps_are_possible():
        yield
        return
    pair = (Session(), Session())
    monkeypatch.setattr(Machine, "sessions", pair)
    yield
    for session in pair:
        session.close()


@pytest.fixture
def silence() -> Iterator[None]:
    """Tens of thousands of ordinary events say nothing; writing them takes longer than making them."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
