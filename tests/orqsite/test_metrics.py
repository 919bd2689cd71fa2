"""/metrics answers those who may read it, in Prometheus's form, and seldom asks the database."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pydantic import SecretStr
from pytest_django import Settings

from orqsite.environment import Environment, SettingInvalid, read_environment
from schedules.metrics import exposition

pytestmark = pytest.mark.django_db
TOKEN = "0123456789abcdef-metrics"


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    exposition.forget()
    yield
    exposition.forget()


def configure(settings: Settings, **changed: Any) -> None:
    settings.ORQ = settings.ORQ.model_copy(update=changed)


def test_without_a_token_there_are_none(client: Client, settings: Settings) -> None:
    configure(settings, metrics="token", metrics_token=SecretStr(""))

    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


def test_off_is_off_for_everybody(client: Client, settings: Settings) -> None:
    configure(settings, metrics="off", metrics_token=SecretStr(TOKEN))

    assert client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 404


def test_open_is_open(client: Client, settings: Settings) -> None:
    configure(settings, metrics="open")

    answer = client.get("/metrics")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b"# TYPE agent_schedules_fires_total counter" in answer.content


@pytest.mark.parametrize(
    "sent", [None, "", TOKEN, f"Bearer {TOKEN}x", f"bearer {TOKEN}", "Bearer", f"Basic {TOKEN}", "Bearer é"]
)
def test_another_token_is_refused(client: Client, settings: Settings, sent: str | None) -> None:
    configure(settings, metrics="token", metrics_token=SecretStr(TOKEN))

    answer = client.get("/metrics", headers={} if sent is None else {"authorization": sent})

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert b"agent_schedules" not in answer.content


def test_the_token_opens_whatever_the_host_is_called(client: Client, settings: Settings) -> None:
    configure(settings, metrics="token", metrics_token=SecretStr(TOKEN))

    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}", "host": "10.1.2.3:8000"})

    assert answer.status_code == 200


def test_only_reading_is_allowed(client: Client, settings: Settings) -> None:
    configure(settings, metrics="open")

    assert client.post("/metrics").status_code == 405


def test_the_database_is_asked_once_in_a_while(client: Client, settings: Settings) -> None:
    configure(settings, metrics="open")
    first = client.get("/metrics")

    with CaptureQueriesContext(connection) as queries:
        second = client.get("/metrics")

    assert (first.content == second.content, len(queries)) == (True, 0)


def test_other_labels_are_another_answer(client: Client, settings: Settings) -> None:
    configure(settings, metrics="open")
    assert b"workspace=" not in client.get("/metrics").content

    configure(settings, metrics="open", metrics_labels=["workspace"])

    assert b'agent_schedules_runs{state="pending",workspace=""}' in client.get("/metrics").content


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("ORQ_METRICS", "on"), ("ORQ_METRICS_TOKEN", "short"), ("ORQ_METRICS_LABELS", "workspace,schedule")],
)
def test_a_wrong_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, wrong: str) -> None:
    monkeypatch.setenv(name, wrong)

    with pytest.raises(SettingInvalid, match=name) as refused:
        read_environment()

    assert name != "ORQ_METRICS_TOKEN" or wrong not in str(refused.value)


def test_the_token_is_asked_for_unless_somebody_says_otherwise() -> None:
    assert Environment.model_fields["metrics"].default == "token"
