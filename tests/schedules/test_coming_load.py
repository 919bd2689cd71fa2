"""The coming week's load: what the cadences in force ask for, exactly where the bounds allow, honest beyond them."""

from datetime import UTC, datetime, timedelta

import pytest

from schedules import editing
from schedules.models import EVERYWHERE, ComingLoad, Schedule
from schedules.overview import coming_load
from schedules.overview.coming_load import HOURS
from tests.factories import NOON, make_agent, make_schedule, make_workspace

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def everywhere() -> ComingLoad:
    return ComingLoad.objects.get(pk=EVERYWHERE)


def by_stepping(schedules: list[Schedule]) -> list[int]:
    """The same, one fire time after the other, from what each schedule says itself."""
    hours = [0] * HOURS
    for schedule in schedules:
        at = schedule.next_fire_at
        while at is not None and at < NOON + HOURS * HOUR:
            hours[(at - NOON) // HOUR] += 1
            at = schedule.cadence.next_after(at)
    return hours


def test_it_is_what_stepping_from_fire_to_fire_finds() -> None:
    agent = make_agent()
    cadences = {
        "0 0 9 * * *": "cron",
        "30 15 */2 * * mon-fri": "cron",
        "0 0 0 1 * *": "cron",
        "@every 1h30m": "interval",
        "@every 50h": "interval",
        "@at 2026-06-03T09:00:00Z": "once",
        "@at 2027-06-03T09:00:00Z": "once",
    }
    schedules = [
        make_schedule(agent, now=NOON, type=type_, expression=expression)
        for expression, type_ in cadences.items()
        for _ in range(3)
    ]

    assert coming_load.refresh(NOON)

    load = everywhere()
    assert load.first_hour == NOON
    assert load.hours == by_stepping(schedules)
    assert load.partly_count == 0
    assert ComingLoad.objects.get(pk=agent.workspace_id).hours == load.hours


def test_a_herd_is_the_second_at_which_most_of_an_hour_fire() -> None:
    first, second = (make_agent(make_workspace(name)) for name in ("a", "b"))
    for number in range(coming_load.HERD):
        make_schedule((first, second)[number % 2], now=NOON, expression="0 0 9 * * *")
        make_schedule(first, now=NOON, expression=f"{number} 1 9 * * *")

    coming_load.refresh(NOON)

    nine = 21  # hours after noon
    assert everywhere().herds[str(nine)] == [0, coming_load.HERD]
    assert ComingLoad.objects.get(pk=second.workspace_id).herds == {}


def test_beyond_the_bounds_only_the_next_fire_counts_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coming_load, "MOST_CADENCES", 1)
    agent = make_agent()
    for _ in range(2):
        make_schedule(agent, now=NOON, expression="0 0 9 * * *")
    rare = make_schedule(agent, now=NOON, expression="0 0 10 * * *")

    coming_load.refresh(NOON)

    load = everywhere()
    assert load.partly_count == 1
    assert sum(load.hours) == 2 * 7 + 1
    assert rare.next_fire_at == datetime(2026, 6, 2, 10, tzinfo=UTC)
    assert load.hours[22] == 1


def test_it_is_worked_out_anew_every_five_minutes() -> None:
    assert coming_load.refresh(NOON)
    assert not coming_load.refresh(NOON + coming_load.EVERY - timedelta(seconds=1))
    assert coming_load.refresh(NOON + coming_load.EVERY)
    assert coming_load.refresh(NOON)  # a clock that was wrong does not stop it


def test_what_is_paused_or_gone_is_not_in_it() -> None:
    paused, deleted = (make_schedule(now=NOON) for _ in range(2))
    editing.pause(paused.id, "somebody", NOON)
    editing.delete(deleted.id, "somebody", NOON)

    coming_load.refresh(NOON)

    assert sum(everywhere().hours) == 0
