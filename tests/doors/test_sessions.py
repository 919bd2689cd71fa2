"""Sessions and cookies of the console: how long they live, and where browsers send them."""

from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

HOME = reverse("admin:index")
PASSWORD = "correct horse battery"


@pytest.fixture
def operator(client: Client, db: None) -> Client:
    User.objects.create_superuser("operator", password=PASSWORD)
    assert client.login(username="operator", password=PASSWORD)
    return client


def test_a_session_ends_after_an_hour_without_a_request(operator: Client) -> None:
    with time_machine.travel(0, tick=False) as clock:
        operator.force_login(User.objects.get())
        clock.shift(59 * 60)
        assert operator.get(HOME).status_code == 200
        clock.shift(59 * 60)
        assert operator.get(HOME).status_code == 200

        clock.shift(61 * 60)

        assert operator.get(HOME).status_code == 302


def test_its_cookies_are_sent_to_the_console_only(operator: Client) -> None:
    operator.get(HOME)
    operator.get(reverse("admin:login"))

    cookies: Any = operator.cookies
    assert {cookie["path"] for cookie in cookies.values()} == {"/console/"}


def test_a_password_of_eleven_characters_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least 12"):
        validate_password("elevencharx")

    validate_password("twelve chars")
