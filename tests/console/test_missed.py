"""Missed firings: fire times that got no run, to read."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from schedules.models import MissedFiring, Schedule
from tests.console.browser import text_of
from tests.factories import NOON, make_agent, make_schedule

pytestmark = pytest.mark.django_db

LIST = reverse("admin:schedules_missedfiring_changelist")
MOST_QUERIES = 8


def miss(schedule: Schedule, count: int) -> MissedFiring:
    """A gap of so many fire times, a day apart, from NOON."""
    return MissedFiring.objects.create(
        schedule=schedule,
        generation=1,
        first_fire_time=NOON,
        last_fire_time=NOON + timedelta(days=count - 1),
        count=count,
        reason="coalesced",
    )


def test_a_gap_says_whose_it_is_from_when_to_when_and_why(operator: Client) -> None:
    missed = miss(make_schedule(display_name="Digest"), 3)
    schedule_page = reverse("admin:schedules_schedule_change", args=(missed.schedule_id,))

    for address in (LIST, reverse("admin:schedules_missedfiring_change", args=(missed.pk,))):
        shown = text_of(operator.get(address))
        for text in (
            "Digest",
            schedule_page,
            "2026-06-01 12:00:00 UTC",
            "2026-06-03 12:00:00 UTC",
            "Noticed late",
        ):
            assert text in shown


def test_gaps_are_found_by_agent_and_schedule(operator: Client) -> None:
    one, two = (miss(make_schedule(make_agent(key=key)), 1) for key in ("one", "two"))

    for query in ({"agent": one.schedule.agent_id}, {"schedule": one.schedule_id}):
        assert list(operator.get(LIST, query).context["cl"].result_list) == [one]
    assert set(operator.get(LIST).context["cl"].result_list) == {one, two}


def test_the_list_costs_the_same_for_two_rows_and_for_fifty(operator: Client) -> None:
    for number in range(2):
        miss(make_schedule(make_agent(key=f"a{number}")), 1)
    operator.get(LIST)
    with CaptureQueriesContext(connection) as few:
        operator.get(LIST)
    few_queries = len(few)
    for number in range(48):
        miss(make_schedule(make_agent(key=f"b{number}")), 1)

    with CaptureQueriesContext(connection) as many:
        operator.get(LIST)

    assert len(many) == few_queries <= MOST_QUERIES
