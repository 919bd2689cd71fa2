"""The look at incidents finds what is missing, and what should not be there."""

from typing import Any

import pytest
from django.db import connection

from schedules.models import Incident, MissedFiring
from tests.factories import NOON, make_agent, make_incident, make_schedule
from tests.proofs.chaos import alerting
from tests.schedules.alerts.days import HOUR, SECOND, fail, judge

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def test_failures_and_missed_fire_times_with_their_incidents_are_in_order() -> None:
    schedule = make_schedule()
    fail(schedule, NOON)
    for number in range(6):
        fail(make_schedule(schedule.agent), NOON + number * SECOND, "agent_timeout")
    _miss(make_schedule(schedule.agent))
    judge(NOON + HOUR)

    assert alerting.problems(rows) == []
    assert alerting.counts(rows) == "1 agent.outage, 1 fire.missed, 1 schedule.failing"


def test_a_failure_without_an_incident_is_found() -> None:
    fail(make_schedule(), NOON)
    judge(NOON + HOUR)
    Incident.objects.all().delete()

    [problem] = alerting.problems(rows)

    assert problem.startswith("without an incident: a failed run")


def test_missed_fire_times_without_an_incident_are_found() -> None:
    _miss(make_schedule())
    judge(NOON + HOUR)
    Incident.objects.all().delete()

    [problem] = alerting.problems(rows)

    assert problem.startswith("without an incident: missed fire times")


@pytest.mark.parametrize("rule", ["schedule.failing", "agent.outage", "fire.missed"])
def test_an_incident_without_a_cause_is_found(rule: str) -> None:
    make_incident(make_agent(), rule=rule)

    [problem] = alerting.problems(rows)

    assert problem.startswith("an incident of ")


def _miss(schedule: Any) -> None:
    MissedFiring.objects.create(
        schedule=schedule,
        generation=1,
        first_fire_time=NOON,
        last_fire_time=NOON,
        count=1,
        reason="coalesced",
        recorded_at=NOON,
    )
