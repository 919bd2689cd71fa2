"""Keys in memory: for less than a second, only those that work, and not too many."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from schedules import api_keys
from schedules.api import api_key_cache
from schedules.api.api_key_cache import SECONDS, RememberedKeys
from schedules.models import ApiKey, Scope
from tests.factories import make_token, make_workspace

pytestmark = pytest.mark.django_db


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Of all processes of the test."""
    return Clock()


@pytest.fixture
def token(db: None) -> str:
    """Of a working key."""
    return make_token(make_workspace())


def _revoke() -> None:
    api_keys.revoke(ApiKey.objects.get(), datetime.now(UTC))


def _disable() -> None:
    ApiKey.objects.update(is_enabled=False)


def _delete() -> None:
    ApiKey.objects.all().delete()


def test_the_database_is_asked_once(
    token: str, clock: Clock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    remembered = RememberedKeys(clock)
    first = remembered.find(token)
    clock.now += SECONDS - 0.01

    with django_assert_num_queries(0):
        again = remembered.find(token)

    assert first is not None
    assert again is first


@pytest.mark.parametrize("end", [_revoke, _disable, _delete])
def test_what_ends_a_key_ends_it_within_a_second_in_every_process(
    token: str, clock: Clock, end: Callable[[], None]
) -> None:
    processes = [RememberedKeys(clock) for _ in range(2)]
    for process in processes:
        process.find(token)
    end()

    clock.now += 0.99

    keys = [process.find(token) for process in processes]
    assert not any(key is not None and key.is_working for key in keys)


def test_reading_a_key_again_and_again_does_not_keep_it(token: str, clock: Clock) -> None:
    remembered = RememberedKeys(clock)
    remembered.find(token)
    _disable()

    seen = []
    for _ in range(10):
        clock.now += 0.1
        key = remembered.find(token)
        seen.append(key is not None and key.is_working)

    assert seen == sorted(seen, reverse=True)
    assert not seen[-1]


def test_a_refusal_is_not_remembered(token: str, clock: Clock) -> None:
    remembered = RememberedKeys(clock)
    _disable()
    refused = remembered.find(token)
    ApiKey.objects.update(is_enabled=True)

    key = remembered.find(token)

    assert refused is not None
    assert key is not None
    assert (refused.is_working, key.is_working) == (False, True)


def test_a_wrong_secret_finds_nothing_beside_the_right_one(token: str, clock: Clock) -> None:
    remembered = RememberedKeys(clock)
    remembered.find(token)

    assert remembered.find(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert remembered.find(token) is not None


def test_the_memory_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_key_cache, "MOST", 3)
    remembered = RememberedKeys(clock)
    workspace = make_workspace()
    issued = [api_keys.issue(workspace, scope=Scope.READ) for _ in range(10)]

    keys = [remembered.find(each.token) for each in issued]

    assert keys == [each.key for each in issued]
    assert len(remembered._read) <= 3


def test_no_token_is_kept(token: str, clock: Clock) -> None:
    remembered = RememberedKeys(clock)
    remembered.find(token)

    remembered_keys = [(name, vars(key)) for name, (_, key) in remembered._read.items()]

    assert remembered_keys
    assert token.split("-", 3)[3] not in str(remembered_keys)
