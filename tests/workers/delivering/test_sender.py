"""The loop of a process: ten at once, none of them twice, and what a killed one had is sent by another."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection

from schedules.database.clock import database_now
from schedules.deliveries import claiming
from schedules.models import Delivery, DeliveryCount, DeliveryState
from tests.schedules.deliveries.alerts import make_delivery
from tests.waiting import wait_for
from tests.workers.delivering.conftest import Make, send_due
from tests.workers.delivering.receiver import Answer, Receiver
from workers.delivering import sender as sending
from workers.delivering.sender import Sender

pytestmark = pytest.mark.django_db(transaction=True)


def all_delivered() -> bool:
    return not Delivery.objects.exclude(state=DeliveryState.DELIVERED).exists()


def test_two_senders_send_each_message_once(receiver: Receiver, make_endpoint: Make) -> None:
    endpoints = [make_endpoint(receiver.url) for _ in range(3)]
    made = [make_delivery(each.webhook).id for each in endpoints for _ in range(10)]

    senders = [Sender(), Sender()]
    wait_for(lambda: [each.go_round() for each in senders] and all_delivered(), seconds=30)

    assert sorted(receiver.ids) == sorted(made)
    assert DeliveryCount.objects.get(outcome="delivered").count == 30


def test_at_most_ten_are_on_the_way_and_five_of_them_to_one_endpoint(
    receiver: Receiver, make_endpoint: Make
) -> None:
    receiver.answer(Answer(204, is_held=True))
    one, other = make_endpoint(receiver.url), make_endpoint(receiver.url)
    for endpoint in (one, other):
        for _ in range(10):
            make_delivery(endpoint.webhook)
    sender = Sender()

    for _ in range(5):
        sender.go_round()
    wait_for(lambda: len(receiver.requests) >= 10, what="ten on the way")
    sender.go_round()

    assert sender.go_round() == 0
    claimed = Delivery.objects.filter(attempt_count=1)
    assert claimed.count() == 10
    assert claimed.filter(webhook=one.webhook).count() == 5
    receiver.go_on.set()
    wait_for(lambda: sender.go_round() == 0 and all_delivered(), seconds=30)


def test_a_process_sends_by_itself_and_goes_on_after_an_outage(
    receiver: Receiver, make_endpoint: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def fail(*_: object) -> list[Delivery]:
        calls.append("claim")
        raise RuntimeError

    monkeypatch.setattr(sending, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(claiming, "claim", fail)
    sender = Sender()
    sender.begin()
    wait_for(lambda: len(calls) > 1, what="rounds that fail")
    monkeypatch.undo()

    make_delivery(make_endpoint(receiver.url).webhook)

    wait_for(all_delivered, seconds=15, what="the delivery")
    sender.end()
    wait_for(lambda: "sender" not in {each.name for each in threading.enumerate()}, what="its end")


KILLED = """
import django; django.setup()
import sys
import threading
from schedules import addresses
from schedules.addresses import read_outbound
addresses.configure(addresses.current_policy(), read_outbound(["127.0.0.0/8"]))
from workers.delivering.sender import Sender
print(Sender().go_round(), flush=True)
sys.stdin.read()
"""


@contextmanager
def _sender_process() -> Iterator[subprocess.Popen[str]]:
    """A process that goes round once, on this test's database, and then waits."""
    server, database = os.environ["DATABASE_URL"].rsplit("/", 1)[0], connection.settings_dict["NAME"]
    environment = os.environ | {
        "DATABASE_URL": f"{server}/{database}",
        "DJANGO_SETTINGS_MODULE": "orqsite.settings",
    }
    with subprocess.Popen(
        [sys.executable, "-c", KILLED], env=environment, stdin=subprocess.PIPE, text=True
    ) as process:
        yield process


@pytest.mark.processes
@pytest.mark.postgresql
def test_what_a_killed_sender_had_is_sent_by_another_when_its_lease_is_over(
    receiver: Receiver, make_endpoint: Make
) -> None:
    receiver.answer(Answer(204, is_held=True), Answer(204))
    delivery = make_delivery(make_endpoint(receiver.url).webhook)
    with _sender_process() as process:
        wait_for(lambda: receiver.requests, seconds=30, what="the request of the one that is killed")
        process.send_signal(signal.SIGKILL)

    assert send_due(database_now()) == []
    later = database_now() + claiming.LEASE + timedelta(seconds=1)
    assert [each.id for each in send_due(later)] == [delivery.id]

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempt_count) == (DeliveryState.DELIVERED, 2)
    assert receiver.ids == [delivery.id] * 2
    assert DeliveryCount.objects.get().count == 1
