"""Fixtures for all tests."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
from django.conf import settings

from orqsite.embedded.valkey import Valkey
from orqsite.login.hashing import PatientHasher
from schedules.database import clock
from schedules.database.process_time import ProcessTime
from schedules.database.trusted_time import Reading
from schedules.limits import calls_in_flight
from schedules.messages import breaker, dispatch
from schedules.runs import ringing
from tests import picky_runtime
from tests.emptying import empty_between_tests
from tests.servers.celery_broker import use_broker

hypothesis.settings.register_profile("gate", max_examples=30)
hypothesis.settings.load_profile("gate")  # others every time; --hypothesis-profile=default asks for a hundred


@pytest.fixture(autouse=True, scope="session")
def _nothing_takes_long_on_purpose() -> None:
    """A password's hash does, a client would look at all static files, and so does a database that is made anew.

    Real processes have the first two.
    """
    empty_between_tests()
    PatientHasher.iterations = 1_000
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _closed_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker failure of one test must not silence the next one's messages."""
    monkeypatch.setattr(dispatch, "breaker", breaker.Breaker(dispatch.BROKER_PAUSE_SECONDS))


@pytest.fixture(autouse=True)
def _own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test makes of the clock, the next one does not believe. The database's is this machine's."""
    process = ProcessTime()
    process.judge(Reading(datetime.now(UTC), clock.steady(), clock.steady()), timedelta(0))
    monkeypatch.setattr(clock, "_process", process)


@pytest.fixture(autouse=True)
def _unknown_threads() -> None:
    """The workers that one test has registered are not those of the next."""
    calls_in_flight.forget_thread_count()


@pytest.fixture(autouse=True)
def _nobody_rings() -> Iterator[None]:
    """A test that has loaded the web server's application leaves its bell to no other: it rings in a thread."""
    ringing.ring_by(None)
    yield
    ringing.ring_by(None)


@pytest.fixture
def picky() -> Iterator[str]:
    """The name of a runtime whose dialect `strict` refuses metadata."""
    with picky_runtime.registered():
        yield picky_runtime.NAME


@pytest.fixture
def own_broker(start_valkey: Callable[[], Valkey]) -> Iterator[Valkey]:
    """A broker of this test's own, which it may hurt."""
    server = start_valkey()
    use_broker(server.url)
    yield server
    use_broker(settings.ORQ.effective_broker_url)
