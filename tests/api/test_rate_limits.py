"""Rate limits: a minute's worth of each key and of triggers of each schedule, counted by all processes together."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.http import HttpResponse
from pydantic import SecretStr
from pytest_django import Settings
from structlog.testing import capture_logs

from orqsite.embedded.valkey import Valkey
from orqsite.environment import Environment
from schedules.limits import rate_counter
from schedules.limits.local_share import Limit
from schedules.limits.rate_counter import RateCounter, rate_counter_in
from schedules.models import Agent, Run, Schedule, Scope
from tests.api.caller import CLIENT, Caller, assert_error, document, everything, schedule_path, schedules_path
from tests.counting import socket_calls
from tests.factories import make_schedule, make_token
from tests.waiting import wait_for

ANSWERED = "request.answered"
"""The access log's event."""


@pytest.fixture
def limit(settings: Settings, valkey: redis.Redis) -> Iterator[Callable[..., None]]:
    """Sets the limits: `rate_per_key=…`, `rate_trigger_per_schedule=…`."""
    rate_counter_in.cache_clear()

    def limit(**limits: int) -> None:
        settings.ORQ = settings.ORQ.model_copy(update=limits)

    yield limit
    rate_counter_in.cache_clear()


def trigger(api: Caller, schedule: Schedule) -> HttpResponse:
    """A trigger."""
    return api.post(f"{schedule_path(schedule)}/execution")


def assert_limited(response: HttpResponse) -> int:
    """429 with whole seconds to wait; how many."""
    message = assert_error(response, 429, "rate_limit_exceeded")
    wait = int(response["Retry-After"])
    assert 1 <= wait <= 60
    assert f"{wait} s" in message
    return wait


def test_the_limits_are_on_by_default_and_generous() -> None:
    fields = Environment.model_fields

    assert (fields["rate_per_key"].default, fields["rate_trigger_per_schedule"].default) == (6000, 60)


def test_a_key_has_so_many_requests_of_any_kind(
    api: Caller, schedule: Schedule, limit: Callable[..., None]
) -> None:
    limit(rate_per_key=3)
    path = schedule_path(schedule)
    answers = [api.get(path), api.patch(path, {"display_name": "x"}), api.get(f"{path}x")]
    before = everything()

    assert [answer.status_code for answer in answers] == [200, 200, 404]
    for refused in (api.get(path), api.patch(path, {"display_name": "y"}), api.delete(path)):
        assert_limited(refused)
    assert_limited(trigger(api, schedule))
    assert_limited(api.post(schedules_path(schedule.agent), {}))
    assert everything() == before


def test_every_key_has_its_own_count(api: Caller, agent: Agent, limit: Callable[..., None]) -> None:
    limit(rate_per_key=1)
    other = Caller(make_token(agent.workspace, Scope.READ))

    assert [api.get(schedules_path(agent)).status_code for _ in range(2)] == [200, 429]
    assert [other.get(schedules_path(agent)).status_code for _ in range(2)] == [200, 429]


def test_a_schedule_is_triggered_so_often_by_all_keys_together(
    api: Caller, schedule: Schedule, limit: Callable[..., None]
) -> None:
    limit(rate_trigger_per_schedule=2)
    other = Caller(make_token(schedule.workspace))

    assert [trigger(caller, schedule).status_code for caller in (api, other)] == [202, 202]
    before = everything()
    for caller in (api, other):
        assert_limited(trigger(caller, schedule))

    assert everything() == before
    assert Run.objects.count() == 2
    document(trigger(api, make_schedule(schedule.agent)), 202)
    document(api.get(schedule_path(schedule)))
    assert api.get(f"{schedule_path(schedule)}/execution").status_code == 405


def test_nobody_elsewhere_uses_up_a_schedules_triggers(
    api: Caller,
    elsewhere: Caller,
    reader: Caller,
    nobody: Caller,
    schedule: Schedule,
    limit: Callable[..., None],
) -> None:
    limit(rate_trigger_per_schedule=1)
    for outsider, status in ((elsewhere, 404), (reader, 403), (nobody, 401)):
        assert trigger(outsider, schedule).status_code == status

    document(trigger(api, schedule), 202)


def test_a_refused_request_uses_up_nothing(
    api: Caller, schedule: Schedule, limit: Callable[..., None]
) -> None:
    limit(rate_per_key=4, rate_trigger_per_schedule=1)
    document(trigger(api, schedule), 202)

    for _ in range(5):
        assert_limited(trigger(api, schedule))

    statuses = [api.get(schedule_path(schedule)).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


def test_zero_is_no_limit(
    api: Caller, schedule: Schedule, limit: Callable[..., None], valkey: redis.Redis
) -> None:
    limit(rate_per_key=0, rate_trigger_per_schedule=0)

    assert {trigger(api, schedule).status_code for _ in range(5)} == {202}
    assert not counted(valkey)


def test_paths_without_a_key_are_not_limited(limit: Callable[..., None], db: None) -> None:
    limit(rate_per_key=1)

    assert {CLIENT.get(path).status_code for path in ("/openapi.json", "/docs", "/openapi.json")} == {200}


def test_after_the_wait_requests_are_answered_again(
    api: Caller, agent: Agent, limit: Callable[..., None], valkey: redis.Redis
) -> None:
    limit(rate_per_key=2)
    path = schedules_path(agent)
    assert [api.get(path).status_code for _ in range(3)] == [200, 200, 429]
    [name] = counted(valkey)
    grow_older(valkey, name, 50)

    wait = assert_limited(api.get(path))
    assert wait <= 10
    grow_older(valkey, name, wait)

    assert [api.get(path).status_code for _ in range(3)] == [200, 200, 429]


def counted(valkey: redis.Redis) -> list[str]:
    """The names of what is counted."""
    names: Any = valkey.keys(f"{rate_counter.PREFIX}*")
    return [name.decode() for name in names]


def grow_older(valkey: redis.Redis, name: str, seconds: int) -> None:
    """The requests that are counted were made so much earlier."""
    counts = valkey.hgetall(name)
    valkey.delete(name)
    valkey.hset(name, mapping={str(int(second) - seconds): count for second, count in counts.items()})


def test_the_window_slides(valkey: redis.Redis) -> None:
    counting = RateCounter(os.environ["REDIS_URL"])
    limit = [Limit("slide", 4)]
    name = f"{rate_counter.PREFIX}slide"
    for age in (30, 25):
        assert [counting.consume(limit) for _ in range(2)] == [0, 0]
        grow_older(valkey, name, age)

    # Two 55 s ago, two 25 s ago: the fifth waits for the first two to be a minute old.
    wait = counting.consume(limit)
    assert 4 <= wait <= 5
    grow_older(valkey, name, wait)
    assert [counting.consume(limit) for _ in range(2)] == [0, 0]
    assert 25 <= counting.consume(limit) <= 30


def test_what_is_counted_goes_away_by_itself(valkey: redis.Redis) -> None:
    RateCounter(os.environ["REDIS_URL"]).consume([Limit("a", 5), Limit("b", 5)])

    assert len(counted(valkey)) == valkey.dbsize() == 2
    assert all(0 < valkey.ttl(name) <= 60 for name in counted(valkey))


def test_a_clock_that_was_set_back_blocks_nobody(valkey: redis.Redis) -> None:
    counting = RateCounter(os.environ["REDIS_URL"])
    counting.consume([Limit("a", 1)])
    grow_older(valkey, f"{rate_counter.PREFIX}a", -3600)

    assert counting.consume([Limit("a", 1)]) == 0


def test_processes_count_together(valkey: redis.Redis) -> None:
    processes = [RateCounter(os.environ["REDIS_URL"]) for _ in range(4)]

    waits = [processes[number % 4].consume([Limit("shared", 10)]) for number in range(20)]

    assert waits[:10] == [0] * 10
    assert all(waits[10:])


def test_a_restarted_redis_that_forgot_the_script_is_used_on(valkey: redis.Redis) -> None:
    counting = RateCounter(os.environ["REDIS_URL"])
    counting.consume([Limit("a", 1)])
    valkey.script_flush()

    assert counting.consume([Limit("a", 1)]) > 0


@pytest.fixture
def own_redis(start_valkey: Callable[[], Valkey], settings: Settings, limit: Callable[..., None]) -> Valkey:
    """A Redis that the test may hurt, with a limit of two requests."""
    server = start_valkey()
    limit(rate_per_key=2, redis_url=SecretStr(server.url))
    return server


@pytest.mark.parametrize("hurt", ["killed", "hung"])
def test_without_redis_requests_are_answered_with_one_warning_and_little_delay(
    api: Caller, agent: Agent, own_redis: Valkey, hurt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        rate_counter, "PAUSE_SECONDS", 600.0
    )  # the breaker stays open, however slow the machine
    path = schedules_path(agent)
    document(api.get(path))
    assert socket_calls(lambda: document(api.get(path))) > 0
    assert own_redis.child is not None
    os.kill(own_redis.child.pid, signal.SIGKILL if hurt == "killed" else signal.SIGSTOP)

    with capture_logs() as logs:
        delay = _seconds(lambda: document(api.get(path)))
        following = [socket_calls(lambda: document(api.get(path))) for _ in range(5)]

    os.kill(own_redis.child.pid, signal.SIGCONT)
    assert delay < 5, "its time-out is a fifth of a second, and nobody tries twice"
    assert following == [0] * 5, "Redis is not asked again"
    assert [entry["event"] for entry in logs if entry["event"] != ANSWERED] == ["rate.not_counted"]


def test_a_redis_that_comes_back_is_used_again(
    api: Caller, agent: Agent, own_redis: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_counter, "PAUSE_SECONDS", 0.1)
    path = schedules_path(agent)
    own_redis.kill()
    with capture_logs() as logs:
        for _ in range(3):
            document(api.get(path))
            time.sleep(0.15)  # the breaker closes: Redis is asked again, and nobody is warned again

    assert len([entry for entry in logs if entry["event"] != ANSWERED]) == 1
    own_redis.start()
    assert wait_for(lambda: api.get(path).status_code == 429)


def _seconds(call: Callable[[], object]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started
