"""A worker as `docker-compose.yml` runs it, on a broker and a database of its own."""

from collections.abc import Iterator

import pytest
import redis

from orqsite.embedded.valkey import Valkey
from tests.processes.databases import migrated_database
from tests.processes.service import CELERY, Service
from tests.waiting import wait_for

DATABASE_PASSWORD = "database-Passw0rd"
SIGNING_KEY = "signing-Key-0123456789-abcdefghijklmnop"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def intruder(broker: Valkey) -> Iterator[redis.Redis]:
    """Somebody who reaches the broker and knows its password."""
    with redis.Redis.from_url(broker.url, socket_timeout=5) as client:
        yield client


@pytest.fixture
def service(broker: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An empty database, an agent that answers by itself, and a worker of little patience."""
    folder = tmp_path_factory.mktemp("service")
    service = Service(folder, migrated_database("sqlite", folder), broker.url)
    service.environment |= {"ORQ_SECRET_KEY": SIGNING_KEY, "ORQ_STALL_SECONDS": "2"}
    start_worker(service)
    yield service
    service.stop()


def start_worker(service: Service) -> None:
    """Start it, with all that Celery starts by default, and wait until it takes messages."""
    service.start("worker", *CELERY, "worker")
    wait_for(lambda: "ready" in service.log("worker"), 30, "the worker")
