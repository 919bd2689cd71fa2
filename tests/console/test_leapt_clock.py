"""While the database's clock has leapt the console shows everything, changes nothing and says why."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from schedules.database import clock
from schedules.models import Run, Schedule
from tests.console.browser import messages_of, text_of
from tests.factories import make_schedule

pytestmark = pytest.mark.django_db

WHY = "clock has leapt ahead"


@pytest.fixture
def schedule() -> Schedule:
    return make_schedule(now=clock.database_now())


@pytest.fixture(autouse=True)
def _leapt(schedule: Schedule) -> None:
    clock.believe_others(timedelta(days=30))


def test_a_button_does_nothing_and_says_why(operator: Client, schedule: Schedule) -> None:
    address = reverse("admin:schedules_schedule_do", args=(schedule.pk, "run-now"))

    answer: Any = operator.post(address, follow=True)

    assert WHY in messages_of(answer)[0]
    assert not Run.objects.exists()


def test_a_form_is_not_saved_and_says_why(operator: Client, schedule: Schedule) -> None:
    address = reverse("admin:schedules_schedule_change", args=(schedule.pk,))
    page: Any = operator.get(address)
    form = page.context["adminform"].form
    sent = {name: form.initial[name] or "" for name in form.fields if name in form.initial}
    sent |= {"expression": "0 0 10 * * *", "payload": '{"input": "Hello"}'}

    answer: Any = operator.post(address, sent)

    assert WHY in text_of(answer)
    assert Schedule.objects.get().revision == 1


def test_a_deletion_is_answered_with_503_and_a_sentence(operator: Client, schedule: Schedule) -> None:
    operator.raise_request_exception = False
    address = reverse("admin:schedules_schedule_delete", args=(schedule.pk,))

    answer = operator.post(address, {"post": "yes"})

    assert (answer.status_code, WHY in answer.content.decode()) == (503, True)
    assert answer["Retry-After"]
    assert Schedule.objects.get().deleted_at is None


def test_the_list_is_shown(operator: Client, schedule: Schedule) -> None:
    answer = operator.get(reverse("admin:schedules_schedule_changelist"))

    assert answer.status_code == 200
