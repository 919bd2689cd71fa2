"""A year without beats: every schedule is planned with the work of a day, inside the limits of a transaction."""

from datetime import timedelta

import pytest

from schedules.models import Agent, MissedFiring, NextFire, Run
from tests.expressions.test_overdue import calls_of
from tests.factories import NOON, make_agent, make_schedule
from tests.firing import fire

pytestmark = pytest.mark.django_db(transaction=True)

COUNT = 40
DAY, YEAR = timedelta(days=1), timedelta(days=365)


def make_distinct_crons(agent: Agent, since: timedelta) -> None:
    """Each hourly, at a minute of its own, and first due so long before NOON."""
    for minute in range(COUNT):
        make_schedule(agent, NOON - since, expression=f"7 {minute} * * * *")


def fire_calls(since: timedelta) -> int:
    """How many Python calls it takes to fire all of them at NOON."""
    agent = make_agent(key=f"late-{since.days}")
    make_distinct_crons(agent, since)
    return calls_of(lambda: fire(NOON, 2 * COUNT), is_warm=True)


def test_a_year_is_planned_with_the_work_of_a_day() -> None:
    fire_calls(timedelta(hours=2))

    a_day, a_year = fire_calls(DAY), fire_calls(YEAR)

    assert a_year < 1.2 * a_day


def test_what_a_year_missed_is_recorded_to_the_last() -> None:
    make_distinct_crons(make_agent(), YEAR)

    assert fire(NOON, 2 * COUNT) == COUNT

    assert Run.objects.filter(is_misfire=True).count() == COUNT
    assert set(MissedFiring.objects.values_list("count", flat=True)) == {365 * 24 - 1}
    assert (
        NextFire.objects.filter(fire_time__gt=NOON, fire_time__lte=NOON + timedelta(hours=1)).count() == COUNT
    )
