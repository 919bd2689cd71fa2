"""Whoever still lives tells: web, beat or worker alone, and the first two without the broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orqsite.embedded.valkey import Valkey
from tests.processes.databases import migrated_database
from tests.processes.service import BEAT, WORKER, Service, document
from tests.waiting import wait_for
from tests.workers.delivering.receiver import Receiver, receiving

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

WRITE_A_MESSAGE = """
from schedules.database.clock import database_now
from schedules.deliveries import endpoints
from schedules.models import Webhook
print(endpoints.send_test(Webhook.objects.get(), database_now()).id)
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Valkey]:
    """One that this test may stop."""
    broker = Valkey(tmp_path / "valkey")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def service(tmp_path: Path, broker: Valkey) -> Iterator[Service]:
    service = Service(tmp_path, migrated_database("postgresql", tmp_path), broker.url)
    service.environment["ORQ_OUTBOUND_ALLOW"] = "127.0.0.0/8"
    with service as running:
        yield running


def assert_told(service: Service, receiver: Receiver, secret: str) -> None:
    """A message that is written now arrives."""
    message_id = service.manage("shell", "--verbosity", "0", "-c", WRITE_A_MESSAGE).splitlines()[-1]
    wait_for(lambda: message_id in receiver.ids, seconds=20, what="the message")
    assert receiver.verified(secret)["type"] == "webhook.test"


def test_each_process_alone_sends_what_is_due(service: Service, broker: Valkey, receiver: Receiver) -> None:
    with service.client(service.admin_token) as client:
        new = {"display_name": "On call", "target": receiver.url}
        secret = document(client.post("/v3/webhooks", json=new), 201)["signing_secret"]
    broker.stop()
    for name in ("beat", "worker"):
        service.children[name].kill()

    assert_told(service, receiver, secret)

    service.children["web"].kill()
    service.start("beat alone", *BEAT)
    assert_told(service, receiver, secret)

    service.children["beat alone"].kill()
    broker.start()  # without one a worker ends itself
    service.start("worker alone", *WORKER)
    assert_told(service, receiver, secret)
    assert len(receiver.ids) == len(set(receiver.ids)) == 3
