"""What the tests of sending share: a receiver, endpoints that lead to it, and a service that may call it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from schedules import addresses
from schedules.addresses import read_outbound
from schedules.database.clock import database_now
from schedules.deliveries import claiming, endpoints, outcomes
from schedules.deliveries.endpoints import IssuedSecret, NewWebhook
from schedules.models import Delivery, Workspace
from tests.factories import make_workspace
from tests.workers.delivering.receiver import Receiver, receiving
from workers.delivering.channels import send
from workers.runtimes.http import connections


@pytest.fixture(autouse=True)
def loopback_is_allowed() -> Iterator[None]:
    before = addresses.outbound_policy()
    addresses.configure(addresses.current_policy(), read_outbound(["127.0.0.0/8"]))
    connections.connections.forget()
    yield
    addresses.configure(addresses.current_policy(), before)
    connections.connections.forget()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


Make = Callable[..., IssuedSecret]


@pytest.fixture
def make_endpoint() -> Make:
    """Makes an endpoint as a person does."""

    def make(target: str, workspace: Workspace | None = None, **fields: Any) -> IssuedSecret:
        new = NewWebhook(**{"display_name": "On call", "channel": "webhook", "target": target} | fields)
        return endpoints.create(workspace or make_workspace(), new, "user_1", database_now())

    return make


def send_due(now: datetime, chance: float = 0.5) -> list[Delivery]:
    """What a sender does at `now`, one message after the other; what it sent."""
    claimed = claiming.claim(now, 10)
    for delivery in claimed:
        outcomes.record(delivery, send(delivery), now, chance)
    return claimed
