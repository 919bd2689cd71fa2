"""A schedule that is held back is shown as such, whatever stands in its row, and so are its neighbours."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from schedules.database.clock import database_now
from schedules.models import Schedule
from tests.console.browser import text_of
from tests.factories import make_agent, make_schedule

pytestmark = pytest.mark.django_db

LIST = reverse("admin:schedules_schedule_changelist")
DAMAGES = [
    "UPDATE schedules_nextfire SET fire_time = '0001-01-01 00:00:00+00:00' WHERE schedule_id = %s",
    *(
        pytest.param(statement, marks=pytest.mark.postgresql)
        for statement in (
            "UPDATE schedules_nextfire SET fire_time = '-infinity' WHERE schedule_id = %s",
            "UPDATE schedules_nextfire SET fire_time = 'infinity' WHERE schedule_id = %s",
            "UPDATE schedules_nextfire SET suspended_until = 'infinity' WHERE schedule_id = %s",
        )
    ),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_poisoned_row_is_shown_as_held_back(operator: Client, damage: str) -> None:
    agent = make_agent()
    poison, healthy = (make_schedule(agent, database_now()) for _ in range(2))
    with connection.cursor() as cursor:
        cursor.execute(damage, [poison.id])

    listed = operator.get(LIST)
    page = operator.get(reverse("admin:schedules_schedule_change", args=(poison.id,)))

    assert listed.status_code == page.status_code == 200
    assert text_of(listed).count(">suspended<") + text_of(listed).count("suspended\n") == 1
    assert healthy.id in text_of(listed)
    assert "held back" in text_of(page)


def test_an_expression_that_cannot_be_read_is_shown_as_it_is(operator: Client) -> None:
    schedule = make_schedule(now=database_now())
    Schedule.objects.update(expression="no expression")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE schedules_nextfire SET expression = 'no expression', suspended_until = fire_time"
        )

    page = operator.get(reverse("admin:schedules_schedule_change", args=(schedule.id,)))

    assert page.status_code == 200
    assert "no expression" in text_of(page)
    assert "held back" in text_of(page)
