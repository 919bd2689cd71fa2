"""What the form of a schedule is told while somebody writes."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from schedules.database.clock import database_now
from schedules.expressions.instants import for_people
from schedules.models import Role, Schedule
from tests.console.browser import text_of
from tests.console.conftest import MakePerson
from tests.factories import make_agent, make_schedule

pytestmark = pytest.mark.django_db

PREVIEW = reverse("admin:schedules_schedule_preview")
CHECK = reverse("admin:schedules_schedule_check_payload")


def preview(client: Client, expression: str, **asked: str) -> str:
    """What is shown beside the field."""
    response = client.get(PREVIEW, {"expression": expression} | asked)
    assert response.status_code == 200
    return text_of(response)


def check(client: Client, payload: Any, **asked: str) -> str:
    """What is shown beside the payload."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    response = client.post(CHECK, {"payload": text} | asked)
    assert response.status_code == 200
    return text_of(response)


def test_a_preview_has_words_and_the_five_next_fires_as_the_clock_will_find_them(operator: Client) -> None:
    schedule = make_schedule(now=database_now(), expression="0 30 9 * * mon-fri")

    shown = preview(operator, "0 30 9 * * mon-fri")

    moment = schedule.next_fire_at
    for _ in range(5):
        assert moment is not None
        assert for_people(moment) in shown
        moment = schedule.cadence.next_after(moment)
    assert moment is not None
    assert for_people(moment) not in shown
    assert "at 09:30:00 UTC" in shown


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("0 9 * * mon-fri", "0 0 9 * * mon-fri"),
        ("every 6 hours", "@every 6h"),
        ("2099-05-01 09:00Z", "@at 2099-05-01T09:00:00Z"),
        ("0 2 * * ? *", "0 0 2 * * *"),
    ],
)
def test_what_was_probably_meant_is_offered(operator: Client, expression: str, meant: str) -> None:
    assert f'data-use-expression="{meant}"' in preview(operator, expression)


def test_a_refusal_says_why_and_shows_an_example(operator: Client) -> None:
    shown = preview(operator, "0 */5 9 * * *")

    assert "one hour" in shown
    assert "Valid example" in shown


def test_an_empty_field_says_nothing(operator: Client) -> None:
    assert preview(operator, "").strip() == ""


def test_the_others_of_the_workspace_that_fire_then_are_counted(operator: Client) -> None:
    agent, other = make_agent(), make_agent(key="elsewhere")
    mine = make_schedule(agent, database_now())
    for _ in range(3):
        make_schedule(agent, database_now())
    make_schedule(other, database_now())

    assert "3 other schedules" in preview(operator, mine.expression, schedule=mine.pk)
    assert "4 other schedules" in preview(operator, mine.expression, agent=agent.pk)
    assert "1 other schedule " in preview(operator, mine.expression, agent=other.pk)
    assert "other schedule" not in preview(operator, mine.expression)


def test_nobody_counts_in_a_workspace_that_is_not_theirs(person: MakePerson) -> None:
    own, foreign = make_agent(), make_agent()
    make_schedule(foreign, database_now())
    editor = person(Role.EDITOR, own.workspace)
    schedule = Schedule.objects.get()

    assert "other schedule" not in preview(editor, schedule.expression, agent=foreign.pk)
    assert "other schedule" not in preview(editor, schedule.expression, schedule=schedule.pk)


def test_a_payload_is_read_as_the_api_reads_it(operator: Client) -> None:
    assert "The API takes this payload" in check(operator, {"input": "Hi"})
    assert "line 1, column 2" in check(operator, "{nonsense")
    assert "payload has no field" in check(operator, {"prompt": "Hi"})
    assert "twice" in check(operator, '{"input": "a", "input": "b"}')


def test_a_mask_needs_the_stored_secret_and_no_secret_is_told(operator: Client) -> None:
    secret = {"secret": True, "value": "s3cr3t"}
    schedule = make_schedule(now=database_now(), payload={"input": "", "variables": {"k": secret}})
    masked = {"input": "", "variables": {"k": {"secret": True, "value": "********"}}}

    assert "The API takes this payload" in check(operator, masked, schedule=schedule.pk)
    assert "no secret is stored" in check(operator, masked)
    assert "s3cr3t" not in check(operator, schedule.payload | {"prompt": secret})


def test_only_editors_ask(person: MakePerson) -> None:
    viewer = person(Role.OPERATOR, make_agent().workspace)

    assert viewer.get(PREVIEW, {"expression": "@daily"}).status_code == 403
    assert viewer.post(CHECK, {"payload": "{}"}).status_code == 403


def test_a_payload_is_checked_by_post_alone(operator: Client) -> None:
    assert operator.get(CHECK).status_code == 405
