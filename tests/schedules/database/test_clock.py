"""A process and the database's clock. A leap here is a real one: the process goes by the time that others told it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ulid import ULID

from schedules import processes
from schedules.database import clock
from schedules.database.process_time import ProcessTime
from schedules.database.ulids import new_ulid, new_ulids
from schedules.errors import ClockLeapt
from schedules.models import ApiKey, ProcessKind, ProcessRegistration
from schedules.models.process import this_process
from tests.factories import make_agent

pytestmark = pytest.mark.django_db

AHEAD = timedelta(days=30)
SECOND = timedelta(seconds=1)


def test_whoever_acts_is_refused_while_the_clock_has_leapt_and_whoever_looks_sees_the_time_before() -> None:
    shown_at = clock.look().shown_at
    clock.believe_others(AHEAD)

    with pytest.raises(ClockLeapt):
        clock.time_to_act()
    with pytest.raises(ClockLeapt):
        clock.require_no_leap()
    assert abs(clock.database_now() - (shown_at - AHEAD)) < 5 * SECOND
    assert abs(clock.estimated_now() - (shown_at - AHEAD)) < 5 * SECOND
    assert clock.latest_plausible() < shown_at - AHEAD + timedelta(minutes=1)


def test_a_clock_that_is_right_lets_everybody_act() -> None:
    assert abs(clock.time_to_act() - clock.database_now()) < SECOND
    clock.require_no_leap()


def test_whoever_was_refused_may_act_as_soon_as_the_clock_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    shown_at = clock.look().shown_at
    with monkeypatch.context() as ahead:
        ahead.setattr(clock, "_shown", lambda: shown_at + AHEAD)
        clock.look()
        with pytest.raises(ClockLeapt):
            clock.require_no_leap()

    clock.require_no_leap()


def test_a_time_that_was_read_a_moment_ago_is_not_asked_for_again() -> None:
    clock.database_now()

    with CaptureQueriesContext(connection) as queries:
        clock.recent_now()
        new_ulids(1000)

    assert len(queries) == 0


@pytest.mark.postgresql
@pytest.mark.parametrize("hours", [-1, 1])
def test_ids_go_by_the_databases_clock_whatever_the_host_believes(hours: int) -> None:
    before = clock.database_now()

    with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=True):
        made = [new_ulid(), new_ulids(1)[0]]
        agent = make_agent()

    assert all(abs(ULID.from_str(each).datetime - before) < 5 * SECOND for each in made)
    assert abs(agent.created_at - before) < 5 * SECOND


def events(caplog: pytest.LogCaptureFixture, event: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if event in record.getMessage()]


@pytest.mark.postgresql
def test_a_host_that_is_off_is_warned_of_but_not_all_the_time(caplog: pytest.LogCaptureFixture) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=7), tick=True):
        for _ in range(3):
            clock.look()

    assert len(events(caplog, "clock.hosts_disagree")) == 1


@pytest.mark.postgresql
def test_a_host_that_is_a_little_off_is_not_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=3), tick=True):
        clock.look()

    assert not events(caplog, "clock.hosts_disagree")


@pytest.mark.postgresql
def test_a_process_that_begins_during_a_leap_learns_of_it_from_those_that_saw_it_come(
    fresh_process: Callable[[], None],
) -> None:
    clock.believe_others(AHEAD)
    processes.say_alive(this_process(ProcessKind.BEAT, "1"), timedelta(0), 0)
    fresh_process()

    processes.learn_the_time()

    with pytest.raises(ClockLeapt):
        clock.time_to_act()


def test_a_process_that_begins_while_nobody_knows_of_a_leap_believes_the_clock(
    fresh_process: Callable[[], None],
) -> None:
    processes.say_alive(this_process(ProcessKind.BEAT, "1"), timedelta(0), 0)
    ProcessRegistration.objects.create(
        kind="beat",
        host="gone",
        pid=1,
        database_ahead=AHEAD,
        last_seen_at=clock.database_now() - timedelta(minutes=1),
    )
    fresh_process()

    processes.learn_the_time()

    clock.time_to_act()


@pytest.fixture
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """As if this process had just begun."""
    return lambda: monkeypatch.setattr(clock, "_process", ProcessTime())


def test_processes_that_are_gone_are_not_forgotten_during_a_leap() -> None:
    long_ago: Any = clock.database_now() - timedelta(days=1)
    ProcessRegistration.objects.create(kind="beat", host="gone", pid=1, last_seen_at=long_ago)
    clock.believe_others(AHEAD)

    assert processes.forget_gone() == 0


def test_a_registered_process_is_seen_by_the_databases_clock_during_a_leap_too() -> None:
    clock.believe_others(AHEAD)
    process = this_process(ProcessKind.WORKER, "1")

    processes.say_alive(process, timedelta(0), 0)

    process.refresh_from_db()
    assert process.is_alive(clock.look().shown_at)
    assert abs(process.database_ahead - AHEAD) < SECOND


def test_an_expiring_key_counts_from_the_databases_time() -> None:
    assert ApiKey._meta.get_field("created_at").default is clock.estimated_now
