"""Guessing passwords: after a few failures nobody is let in from there for a while, and the log says so."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from pydantic import SecretStr
from structlog.testing import capture_logs

from orqsite.embedded.ports import LOOPBACK, free_port
from orqsite.login import hashing
from schedules.database.clock import database_now
from schedules.limits import login_failures
from schedules.models import LoginFailures
from tests.doors.web import Web

LOGIN = reverse("admin:login")
PASSWORD = "correct horse battery"
HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"


@pytest.fixture(params=["redis", "database"])
def counted_in(request: pytest.FixtureRequest, settings: Any, transactional_db: None) -> Iterator[str]:
    """Where failures are counted: in Redis, or in the database because Redis does not answer."""
    login_failures._redis.cache_clear()
    if request.param == "database":
        url = f"redis://{LOOPBACK}:{free_port()}/0"
        settings.ORQ = settings.ORQ.model_copy(update={"redis_url": SecretStr(url)})
    else:
        login_failures._redis().flushdb()
    yield request.param
    login_failures._redis.cache_clear()


@pytest.fixture
def operator(transactional_db: None) -> User:
    return User.objects.create_superuser("operator", password=PASSWORD)


def enters(name: str, password: str, address: str = HERE) -> bool:
    """Whether the console lets somebody in."""
    form = {"username": name, "password": password}
    return bool(Client(REMOTE_ADDR=address).post(LOGIN, form).status_code == 302)


def test_the_right_password_is_refused_after_five_wrong_ones(counted_in: str, operator: User) -> None:
    with capture_logs() as lines:
        assert not any(enters("operator", f"wrong {each}") for each in range(5))
        assert not enters("operator", PASSWORD)

    assert [line["event"] for line in lines if line["event"].startswith("login.") and "user" in line] == [
        *["login.failed"] * 5,
        "login.refused",
    ]


def test_its_owner_comes_in_from_elsewhere(counted_in: str, operator: User) -> None:
    assert not any(enters("operator", f"wrong {each}") for each in range(6))

    assert enters("operator", PASSWORD, ELSEWHERE)


def test_fewer_failures_are_forgiven_by_the_right_password(counted_in: str, operator: User) -> None:
    for _ in range(3):
        assert not any(enters("operator", "wrong") for _ in range(4))
        assert enters("operator", PASSWORD)


def test_an_address_that_tries_many_names_is_refused(counted_in: str) -> None:
    waits = [login_failures.begin(f"somebody {each}", HERE) for each in range(51)]

    assert waits[:50] == [0] * 50
    assert waits[50] > 0
    assert login_failures.begin("operator", ELSEWHERE) == 0


def test_a_login_of_ones_own_does_not_pay_for_guesses_of_others(counted_in: str) -> None:
    for each in range(49):
        login_failures.begin(f"somebody {each}", HERE)
    login_failures.begin("mine", HERE)
    login_failures.forget("mine", HERE)

    assert login_failures.begin("another", HERE) == 0
    assert login_failures.begin("one more", HERE) > 0


def test_a_client_of_ipv6_is_its_network(counted_in: str) -> None:
    waits = [login_failures.begin("operator", f"2001:db8::{each}") for each in range(1, 7)]

    assert waits[5] > 0


def test_the_wait_doubles_up_to_fifteen_minutes(counted_in: str) -> None:
    waits = []
    for _ in range(10):
        if wait := login_failures.begin("operator", HERE):
            waits.append(round(wait / 60))
            pass_by(counted_in, wait)
            login_failures.begin("operator", HERE)

    assert waits == [1, 2, 4, 8, 15]


def pass_by(place: str, seconds: float) -> None:
    """Make the failures so much older."""
    if place == "database":
        LoginFailures.objects.update(last_at=database_now() - timedelta(seconds=seconds + 1))
        return
    redis = login_failures._redis()
    for key in redis.scan_iter("agent-schedules:login:*"):
        redis.hincrby(key, "at", -int(seconds) - 1)


def test_many_at_once_are_no_way_around(counted_in: str, operator: User) -> None:
    def guess(number: int) -> float:
        try:
            return login_failures.begin("operator", HERE)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(guess, range(16)))

    assert waits.count(0) == 5


def test_a_name_that_nobody_has_is_not_logged(counted_in: str) -> None:
    with capture_logs() as lines:
        enters("my-password-in-the-wrong-field", "x")

    assert [line["user"] for line in lines if line["event"] == "login.failed"] == [""]


def test_only_few_wait_for_their_hash_and_the_others_are_told(counted_in: str, operator: User) -> None:
    with hashing.place(), hashing.place(), capture_logs() as lines:
        assert not enters("operator", PASSWORD)

    assert [line["reason"] for line in lines if line["event"] == "login.refused"] == ["busy"]
    assert enters("operator", PASSWORD)


@pytest.mark.processes
@pytest.mark.alone
def test_a_flood_of_logins_does_not_slow_the_api(tmp_path: Path) -> None:
    with Web(tmp_path) as web:
        quiet = usual(web.seconds_of_health)
        stop = threading.Event()
        guessers = [threading.Thread(target=guess, args=(web, number, stop)) for number in range(16)]
        for each in guessers:
            each.start()

        flooded = usual(web.seconds_of_health)

        stop.set()
        for each in guessers:
            each.join()
    assert "login.failed" in web.log()
    assert flooded < max(0.5, 10 * quiet)


def usual(measured: Callable[[], float]) -> float:
    """What nine of ten requests within three seconds take at most; one may wait for the machine."""
    until, taken = time.monotonic() + 3, []
    while time.monotonic() < until:
        taken.append(measured())
    return sorted(taken)[len(taken) * 9 // 10]


def guess(web: Web, number: int, stop: threading.Event) -> None:
    """Log in with wrong passwords, each of a name of its own, until told to stop."""
    with httpx2.Client(base_url=f"http://{LOOPBACK}:{web.port}", trust_env=False, timeout=30) as client:
        page = client.get(LOGIN)
        token = page.cookies["csrftoken"]
        while not stop.is_set():
            form = {"username": f"user{number}", "password": "wrong", "csrfmiddlewaretoken": token}
            client.post(LOGIN, data=form)
