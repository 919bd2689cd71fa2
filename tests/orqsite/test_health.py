"""/healthz and /readyz tell the truth about this process, its database and its broker."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.db import connection, transaction
from django.test import Client
from pydantic import SecretStr
from pytest_django import Settings

from orqsite.embedded.valkey import Valkey
from schedules.database import clock
from schedules.database.clock import database_now
from schedules.health import report
from schedules.models import KnownEncryptionKey, ProcessRegistration
from schedules.secrets import known_keys
from tests.factories import make_due_schedule, make_run, make_schedule
from tests.races.threads import open_transaction

pytestmark = pytest.mark.django_db


def test_a_process_that_answers_is_healthy(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_it_is_ready_with_its_database_and_its_broker(client: Client) -> None:
    answer = client.get("/readyz")

    body = answer.json()
    assert abs(body.pop("largest_clock_offset_seconds")) < 1
    assert (answer.status_code, body) == (
        200,
        {
            "status": "ok",
            "database": "ok",
            "broker": "ok",
            "encryption_keys": "ok",
            "beats": {"count": 0, "last_tick_seconds": None},
            "workers": {"count": 0, "last_heartbeat_seconds": None, "in_flight": 0, "threads": 0},
            "clock": "ok",
            "oldest_due_fire_seconds": None,
            "oldest_due_run_seconds": None,
        },
    )


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["10.42.8.201:8000", "[fd00::8]:8000", "nobody.example", "a b"])
def test_a_probe_may_send_any_host(client: Client, settings: Settings, path: str, host: str) -> None:
    settings.ALLOWED_HOSTS = ["schedules.example"]

    assert client.get(path, headers={"host": host}).status_code == 200


def test_elsewhere_a_host_of_nobody_is_refused_in_one_line(
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ALLOWED_HOSTS = ["schedules.example"]

    answers = [
        client.get(path, headers={"host": "10.0.0.1"}) for path in ("/v3/agents/a/schedules", "/console/")
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json()["error"]["code"] == "invalid_request_body"
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 2
    assert all("request.host_refused" in record.getMessage() for record in warnings)
    assert all(record.exc_info is None for record in warnings)


def test_it_is_not_ready_without_its_broker(
    client: Client, settings: Settings, start_valkey: Callable[[], Valkey]
) -> None:
    broker = start_valkey()
    settings.ORQ = settings.ORQ.model_copy(update={"redis_url": SecretStr(broker.url)})
    broker.kill()

    answer = client.get("/readyz")

    assert answer.status_code == 503
    body = answer.json()
    assert (body["status"], body["database"], body["broker"]) == ("unavailable", "ok", "unreachable")
    assert body["error"]["code"] == "service_unavailable"
    assert body["error"]["message"] == "The broker does not answer"


def test_who_asks_about_the_database_only_does_not_hear_of_the_broker(
    client: Client, settings: Settings, start_valkey: Callable[[], Valkey]
) -> None:
    broker = start_valkey()
    settings.ORQ = settings.ORQ.model_copy(update={"redis_url": SecretStr(broker.url)})
    broker.kill()

    answer = client.get("/readyz?only=database")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "encryption_keys": "ok"}


def test_what_cannot_be_asked_about_is_refused(client: Client) -> None:
    answer = client.get("/readyz?only=weather")

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "only")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_it_is_not_ready_without_its_database(client: Client) -> None:
    connection.ensure_connection()
    connection.connection.close()

    answer = client.get("/readyz")
    connection.close()  # the broken one, so that the next use opens another

    assert answer.status_code == 503
    assert answer.json()["database"] != "ok"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["schedules_run", "schedules_schedule", "schedules_nextfire"])
def test_a_locked_table_is_not_waited_for(client: Client, table: str) -> None:
    def lock() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")

    with open_transaction(lock):
        answer = client.get("/readyz?only=database")

    assert (answer.status_code, answer.json()["database"]) == (503, "locked")
    assert answer.json()["error"]["message"] == "The database has a table that somebody has locked"


def test_many_probes_ask_once(client: Client) -> None:
    client.get("/readyz")
    with connection.execute_wrapper(_refuse):
        answers = [client.get("/readyz") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 5


def _refuse(*_: object) -> None:
    raise AssertionError("asked again")


def test_an_old_verdict_is_renewed(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(report.broker_verdict, "_seconds", 0.0)
    assert client.get("/readyz?only=broker").status_code == 200

    settings.ORQ = settings.ORQ.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})

    assert client.get("/readyz?only=broker").status_code == 503


def test_what_waits_is_reported_and_turns_nothing_red(client: Client) -> None:
    now = database_now()
    make_due_schedule(due_at=now - timedelta(hours=2))
    make_run(make_schedule(now=now), not_before=now - timedelta(minutes=5))
    make_run(make_schedule(now=now), not_before=now + timedelta(minutes=5))

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["oldest_due_fire_seconds"] == pytest.approx(7200, abs=10)
    assert answer.json()["oldest_due_run_seconds"] == pytest.approx(300, abs=10)


@pytest.mark.postgresql
def test_an_instant_that_python_does_not_know_is_reported_as_very_old(client: Client) -> None:
    due = make_due_schedule(due_at=database_now())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE schedules_nextfire SET fire_time = '-infinity' WHERE schedule_id = %s", [due.id]
        )

    answer = client.get("/readyz")

    assert answer.json()["oldest_due_fire_seconds"] > 1e9


def test_beats_and_workers_are_counted_while_they_were_seen(client: Client) -> None:
    now = database_now()
    for kind, age, in_flight in (("beat", 1, 0), ("beat", 90, 0), ("worker", 2, 3), ("worker", 5, 4)):
        seen = now - timedelta(seconds=age)
        ProcessRegistration.objects.create(
            kind=kind, host="h", pid=1, last_seen_at=seen, in_flight_count=in_flight, thread_count=10
        )

    body = client.get("/readyz").json()

    assert body["beats"]["count"] == 1
    assert body["beats"]["last_tick_seconds"] == pytest.approx(1, abs=1)
    assert (body["workers"]["count"], body["workers"]["in_flight"], body["workers"]["threads"]) == (2, 7, 20)


@pytest.mark.parametrize(
    ("keys", "state"),
    [(["own"], "ok"), (["new", "own"], "ok"), (["new"], "foreign"), (["own", "seen elsewhere"], "ok")],
)
def test_a_process_with_another_key_says_so(
    client: Client, settings: Settings, keys: list[str], state: str
) -> None:
    made = {name: Fernet.generate_key().decode() for name in ("own", "new", "seen elsewhere")}
    KnownEncryptionKey.objects.create(fingerprint=known_keys.fingerprint_of(made["own"]))
    settings.ENCRYPTION_KEYS = [made[name] for name in keys]

    answer = client.get("/readyz?only=database")

    assert (answer.status_code, answer.json()["encryption_keys"]) == (200, state)


def registered(**fields: object) -> None:
    ProcessRegistration.objects.create(kind="beat", host="h", pid=1, last_seen_at=database_now(), **fields)


def test_a_host_that_is_off_is_reported_and_turns_nothing_red(client: Client) -> None:
    registered(clock_offset=timedelta(seconds=3))
    registered(clock_offset=timedelta(seconds=-7200))

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["clock"]) == (200, "hosts_disagree")
    assert answer.json()["largest_clock_offset_seconds"] == -7200


def test_a_clock_that_a_beat_has_seen_leap_is_reported_and_turns_nothing_red(client: Client) -> None:
    registered(database_ahead=timedelta(days=365), clock_offset=timedelta(days=-365))

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["clock"]) == (200, "leapt")


def test_due_ness_is_reported_by_the_time_that_goes_on_during_a_leap(client: Client) -> None:
    make_due_schedule(due_at=database_now() - timedelta(days=20))
    clock.believe_others(timedelta(days=30))

    body = client.get("/readyz").json()

    assert (body["clock"], body["oldest_due_fire_seconds"]) == ("leapt", None)


def test_health_answers_only_reads(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_a_probe_leaves_no_transaction_open(client: Client) -> None:
    client.get("/readyz")

    assert transaction.get_autocommit()
