"""A long list through the real web server: what it takes of the process's memory, and what a slow reader holds."""

import json
import os
import socket
from collections.abc import Iterator

import psutil
import psycopg
import pytest

from orqsite.embedded.ports import LOOPBACK
from tests.processes.databases import migrated_database
from tests.processes.service import Service
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

SCHEDULES, LETTERS = 160, 200_000
DOCUMENT_BYTES = SCHEDULES * LETTERS
MOST_MORE = DOCUMENT_BYTES // 2
"""Bytes that the process may grow by, for a document of 32 MB; held whole, it would take more than twice that."""

FILL = """
INSERT INTO schedules_schedule
    (id, workspace_id, agent_id, type, expression, payload, payload_bytes, is_active, is_finished, generation,
     anchor_at, trigger_count, created_by_id, created_at, updated_at)
SELECT lpad(number::text, 26, '0'), workspace_id, id, 'cron', '0 0 9 * * *',
    json_build_object('input', repeat('x', %(letters)s)), %(letters)s + 12, false, false, 1,
    now(), 0, 'test', now(), now()
FROM schedules_agent, generate_series(1, %(schedules)s) AS number
"""


BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    database_url = migrated_database("postgresql", folder)
    with Service(folder, database_url, os.environ["REDIS_URL"].removesuffix("/0") + "/10") as service:
        service.create_agent("digest")
        with psycopg.connect(database_url) as database:
            database.execute(FILL, {"letters": LETTERS, "schedules": SCHEDULES})
        yield service


def memory(service: Service) -> int:
    """Of the web server's processes together."""
    master = psutil.Process(service.children["web"].pid)
    return sum(process.memory_info().rss for process in (master, *master.children(recursive=True)))


def test_a_long_list_is_whole_and_takes_the_memory_of_a_page(service: Service) -> None:
    with service.client(service.token) as client:
        client.get("/v3/agents/digest/schedules?limit=1").raise_for_status()
        before, most, size = memory(service), 0, 0
        with client.stream("GET", "/v3/agents/digest/schedules") as answer:
            parts = []
            for part in answer.iter_bytes(1_000_000):
                parts.append(part)
                size += len(part)
                most = max(most, memory(service))

    listed = json.loads(b"".join(parts))["schedules"]
    assert (len(listed), size > DOCUMENT_BYTES) == (SCHEDULES, True)
    assert most - before < MOST_MORE, f"{(most - before) / 2**20:.0f} MiB more"


def test_readers_that_stand_still_hold_neither_memory_nor_a_connection(service: Service) -> None:
    before = memory(service)
    readers = [start_reading(service) for _ in range(3)]

    with psycopg.connect(service.environment["DATABASE_URL"], autocommit=True) as database:
        wait_for(lambda: database.execute(BUSY).fetchone() == (0,), 10, "no statement or transaction")

    assert memory(service) - before < DOCUMENT_BYTES, "of three"
    with service.client(service.token) as client:
        client.get("/v3/agents/digest/schedules?limit=1").raise_for_status()
    for reader in readers:
        reader.close()


def start_reading(service: Service) -> socket.socket:
    """A client that reads the first bytes of the list and then nothing."""
    reader = socket.create_connection((LOOPBACK, service.port), timeout=10)
    request = (
        "GET /v3/agents/digest/schedules HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {service.token}",
    )
    reader.sendall("".join(f"{line}\r\n" for line in (*request, "")).encode())
    assert reader.recv(12) == b"HTTP/1.1 200"
    return reader
