"""What a process passes unasked: little, for a second, and counted afterwards."""

import os

import pytest
import redis
from pytest_django import Settings

from schedules.limits import local_share
from schedules.limits.local_share import SECONDS, Limit, LocalShares
from schedules.limits.rate_counter import PREFIX, RateCounter, rate_counter_in

LIMIT = Limit("a", 6000)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Of the process."""
    return Clock()


def _passed(allowed: LocalShares, limit: Limit = LIMIT) -> int:
    """How many are let through until it must be asked again."""
    return next(number for number in range(10_000) if not allowed.passes([limit]))


def test_nothing_passes_unasked_at_first() -> None:
    assert _passed(LocalShares()) == 0


@pytest.mark.parametrize(
    ("per_minute", "left", "allowed"),
    [
        (6000, 5999, 60),
        (6000, 1000, 50),
        (6000, 20, 1),
        (6000, 19, 0),
        (6000, -3, 0),
        (100, 99, 1),
        (99, 98, 0),
    ],
)
def test_a_hundredth_of_the_limit_and_a_twentieth_of_the_rest(
    per_minute: int, left: int, allowed: int
) -> None:
    limit, process = Limit("a", per_minute), LocalShares()

    process.begin(limit, left)

    assert _passed(process, limit) == allowed


def test_what_was_passed_is_to_be_counted_once() -> None:
    process = LocalShares()
    process.begin(LIMIT, 5000)
    passed = _passed(process)

    assert [process.end(LIMIT), process.end(LIMIT)] == [passed, 0]
    assert not process.passes([LIMIT])


def test_a_local_share_ends_after_a_second(clock: Clock) -> None:
    process = LocalShares(clock)
    process.begin(LIMIT, 5000)
    assert process.passes([LIMIT])

    clock.now += SECONDS

    assert not process.passes([LIMIT])
    assert process.end(LIMIT) == 1


def test_what_was_passed_more_than_a_minute_ago_counts_no_more(clock: Clock) -> None:
    process = LocalShares(clock)
    process.begin(LIMIT, 5000)
    process.passes([LIMIT])

    clock.now += 61

    assert process.end(LIMIT) == 0


def test_all_limits_have_a_local_share_or_none_is_used() -> None:
    process = LocalShares()
    process.begin(LIMIT, 5000)

    assert not process.passes([LIMIT, Limit("b", 60)])
    assert process.end(LIMIT) == 0


def test_of_two_threads_that_asked_neithers_passes_are_lost() -> None:
    process = LocalShares()
    process.begin(LIMIT, 5000)
    process.passes([LIMIT])

    process.begin(LIMIT, 5000)
    process.passes([LIMIT])

    assert process.end(LIMIT) == 2


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_share, "MOST", 3)
    process = LocalShares()

    for number in range(10):
        process.begin(Limit(str(number), 6000), 5000)

    assert len(process._by_name) <= 3


def test_processes_together_stay_within_the_limit_and_its_slack(valkey: redis.Redis) -> None:
    processes = [RateCounter(os.environ["REDIS_URL"]) for _ in range(4)]
    limit = Limit("shared", 1000)

    waits = [processes[number % 4].consume([limit]) for number in range(1500)]

    passed = waits.count(0)
    assert 1000 <= passed <= 1040
    assert all(0 < wait <= 60 for wait in waits[1040:])


def test_a_single_process_keeps_a_limit_exactly(valkey: redis.Redis) -> None:
    process = RateCounter(os.environ["REDIS_URL"])

    waits = [process.consume([Limit("one", 2000)]) for _ in range(2100)]

    assert waits[:2000] == [0] * 2000
    assert all(waits[2000:])


def test_far_from_its_limit_a_process_asks_rarely(valkey: redis.Redis) -> None:
    process = RateCounter(os.environ["REDIS_URL"])
    before = _calls(valkey)

    for _ in range(600):
        process.consume([LIMIT])

    assert _calls(valkey) - before < 60
    counted = sum(map(int, valkey.hvals(f"{PREFIX}{LIMIT.name}")))
    assert 540 <= counted <= 600


def test_without_local_shares_each_request_is_counted_at_once(valkey: redis.Redis) -> None:
    process = RateCounter(os.environ["REDIS_URL"], has_local_shares=False)
    before = _calls(valkey)

    waits = [process.consume([LIMIT]) for _ in range(50)]

    assert waits == [0] * 50
    assert _calls(valkey) - before == 50


def test_the_setting_decides(settings: Settings) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"without": ["local_shares"]})
    counter = rate_counter_in.__wrapped__(settings.ORQ.redis_url.get_secret_value())

    assert not counter._has_local_shares


def _calls(valkey: redis.Redis) -> int:
    """Scripts run so far."""
    stats = valkey.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "eval"))
