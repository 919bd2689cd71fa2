"""A secret that was typed into a form is in no answer, whatever else is wrong with the form."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.console.browser import form_of
from tests.factories import make_agent

pytestmark = pytest.mark.django_db

ADD = reverse("admin:schedules_schedule_add")
SECRET = 'hünter2"S3cr3t'
TYPED = SECRET.replace('"', '\\"')
WHOLE = (
    '{"input": "{{token}}", "variables": {"token": {"secret": true, "value": "TYPED"}, "city": "Oslo"}}'
).replace("TYPED", TYPED)


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("operator"))
    return client


@pytest.mark.parametrize(
    "payload",
    [
        WHOLE[:-1],
        WHOLE.replace('"secret": true', '"secret" true'),
        WHOLE.replace('"input"', '"prompt"'),
        WHOLE.replace(TYPED, f'{TYPED}", "value": "{TYPED}'),
        WHOLE.replace(TYPED, f"{TYPED}\\u0000"),
        WHOLE.replace("true", '"yes"'),
        f"[{WHOLE}]",
    ],
    ids=["cut off", "no colon", "unknown field", "a name twice", "a NUL", "a wrong mark", "in a list"],
)
def test_an_error_in_a_payload_shows_no_secret_again(operator: Client, payload: str) -> None:
    answer = sent(operator, payload=payload)

    assert answer.context["adminform"].form.errors["payload"]
    assert shows_nothing(answer)


def test_an_error_elsewhere_shows_no_secret_again_and_keeps_the_rest(operator: Client) -> None:
    answer = sent(operator, payload=WHOLE, expression="nonsense")

    assert shows_nothing(answer)
    assert "Oslo" in form_of(answer, "schedule_form")["payload"]
    assert '"value": ""' in form_of(answer, "schedule_form")["payload"]


def test_what_was_emptied_is_asked_anew(operator: Client) -> None:
    again = form_of(sent(operator, payload=WHOLE, expression="nonsense"), "schedule_form")

    answer = operator.post(ADD, again | {"expression": "@every 6h"})

    assert "token" in answer.context["adminform"].form.errors["payload"][0]


def sent(operator: Client, **typed: str) -> Any:
    """The answer to a form of a new schedule."""
    blank = form_of(operator.get(ADD), "schedule_form")
    fields = {"agent": str(make_agent().pk), "expression": "@every 6h"}
    return operator.post(ADD, blank | fields | typed)


def shows_nothing(answer: Any) -> bool:
    """Whether the secret stands in the page in no spelling of HTML or JSON."""
    page = answer.content.decode()
    return answer.status_code == 200 and "S3cr3t" not in page and "nter2" not in page
