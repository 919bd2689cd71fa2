"""Fixtures for all tests."""

import pytest

from schedules import dispatch


@pytest.fixture(autouse=True)
def _closed_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker failure of one test must not silence the next one's messages."""
    monkeypatch.setattr(dispatch, "breaker", dispatch.Breaker(dispatch.BROKER_PAUSE_SECONDS))
