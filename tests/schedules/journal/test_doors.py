"""Who acts is set at each door (a request, a key, a login, a command), and nobody acts a moment later."""

import getpass
import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from orqsite.acting import acting_person
from schedules import actors
from schedules.actors import SERVICE, Actor, ActorKind, acting
from schedules.models import JournalEntry, Schedule
from tests.api.caller import Caller, schedule_path
from tests.factories import make_schedule, make_token

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


def newest() -> JournalEntry:
    return JournalEntry.objects.latest("id")


def test_after_a_request_nobody_acts_any_more() -> None:
    schedule = make_schedule()
    api = Caller(make_token(schedule.workspace))

    api.patch(schedule_path(schedule), {"display_name": "x"})

    assert newest().actor_kind == "key"
    assert actors.current() == SERVICE


def test_a_request_that_fails_leaves_nobody_behind() -> None:
    def fail(_: HttpRequest) -> HttpResponse:
        actors.become(ActorKind.KEY, "01", "CI")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        acting_person(fail)(RequestFactory().get("/"))

    assert actors.current() == SERVICE


def test_a_key_has_the_address_of_its_request() -> None:
    schedule = make_schedule()
    token = make_token(schedule.workspace)
    headers: Any = {"Authorization": f"Bearer {token}"}
    path = f"{schedule_path(schedule)}/execution"

    Client(REMOTE_ADDR="203.0.113.9").post(path, "", "application/json", headers=headers)

    assert (newest().verb, newest().address) == ("run_now", "203.0.113.9")


def test_a_key_in_a_browser_that_is_logged_in_is_the_key() -> None:
    schedule = make_schedule()
    token = make_token(schedule.workspace)
    client = Client()
    client.force_login(User.objects.create_superuser("anna"))

    headers: Any = {"Authorization": f"Bearer {token}"}
    client.post(f"{schedule_path(schedule)}/execution", "", "application/json", headers=headers)

    assert (newest().verb, newest().actor_kind) == ("run_now", "key")


def test_a_login_is_an_act_of_whoever_comes_in() -> None:
    user = User.objects.create_superuser("anna", password=PASSWORD)
    form = {"username": "anna", "password": PASSWORD}

    Client(REMOTE_ADDR="203.0.113.9").post(reverse("admin:login"), form)

    line = newest()
    assert (line.verb, line.object_type, line.object_id) == ("log_in", "user", str(user.pk))
    assert (line.actor_kind, line.actor_id, line.address) == ("user", str(user.pk), "203.0.113.9")


def test_a_refused_login_keeps_the_name_and_not_the_password() -> None:
    form = {"username": "an\0na", "password": "s3cret-guess"}

    Client(REMOTE_ADDR="203.0.113.9").post(reverse("admin:login"), form)

    assert "s3cret" not in str(list(JournalEntry.objects.values()))


def test_a_refusal_and_a_read_have_no_line() -> None:
    schedule = make_schedule()
    api, nobody = Caller(make_token(schedule.workspace)), Caller()
    before = JournalEntry.objects.count()

    api.get(schedule_path(schedule))
    api.patch(schedule_path(schedule), {"expression": "nonsense"})
    api.patch(schedule_path(schedule), {"display_name": 5})
    nobody.delete(schedule_path(schedule))

    assert JournalEntry.objects.count() == before


def test_threads_do_not_act_for_each_other() -> None:
    seen: list[Actor] = []

    with acting(lambda: Actor(ActorKind.COMMAND, name=getpass.getuser())):
        thread = threading.Thread(target=lambda: seen.append(actors.current()))
        thread.start()
        thread.join()

    assert seen == [SERVICE]


def test_who_acts_within_another_acts_for_the_block_only() -> None:
    outer, inner = Actor(ActorKind.COMMAND, name="root"), Actor(ActorKind.USER, "7", "anna")

    with acting(lambda: outer):
        with acting(lambda: inner):
            make_schedule()
        assert actors.current() == outer

    assert set(JournalEntry.objects.values_list("actor_name", flat=True)) == {"anna"}
    assert Schedule.objects.count() == 1
