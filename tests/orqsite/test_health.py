"""/healthz and /readyz tell the truth about this process, its database and its broker."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from orqsite.embedded.valkey import Valkey

pytestmark = pytest.mark.django_db


def test_a_process_that_answers_is_healthy(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_it_is_ready_with_its_database_and_its_broker(client: Client) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": "ok", "broker": "ok"})


def test_it_is_not_ready_without_its_broker(
    client: Client, settings: Settings, start_valkey: Callable[[], Valkey]
) -> None:
    broker = start_valkey()
    settings.ORQ = settings.ORQ.model_copy(update={"redis_url": broker.url})
    broker.kill()

    answer = client.get("/readyz")

    assert answer.status_code == 503
    body = answer.json()
    assert (body["status"], body["database"], body["broker"]) == ("unavailable", "ok", "ConnectionError")
    assert body["error"]["code"] == "service_unavailable"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_it_is_not_ready_without_its_database(client: Client) -> None:
    connection.ensure_connection()
    connection.connection.close()

    answer = client.get("/readyz")
    connection.close()  # the broken one, so that the next use opens another

    assert answer.status_code == 503
    assert answer.json()["database"] in ("OperationalError", "InterfaceError")


def test_health_answers_only_reads(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
