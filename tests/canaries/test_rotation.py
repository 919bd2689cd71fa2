"""rotate_secrets: afterwards the newest key alone opens everything, and nobody's edit is lost."""

from base64 import b64encode
from contextlib import ExitStack
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError
from pytest_django import Settings

from schedules import agents, editing
from schedules.agents.secret_settings import opened_headers
from schedules.database.clock import database_now
from schedules.deliveries import endpoints
from schedules.models import Agent, Run, Schedule
from schedules.secrets import payloads, rotation
from schedules.secrets.sealing import is_newest, unseal
from tests.certificates import self_signed
from tests.commands.conftest import Run as RunCommand
from tests.factories import NOON, make_agent, make_run, make_schedule, make_workspace
from tests.races.threads import elsewhere, open_transaction, wait_until_blocked
from tests.schedules.deliveries.alerts import make_webhook

pytestmark = pytest.mark.django_db(transaction=True)

SIGNING = [f"whsec_{b64encode(bytes([number]) * 24).decode()}" for number in (1, 2)]
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def _sealed_with_the_old_key(settings: Settings) -> None:
    """An agent, a schedule and a run with secrets of the old key; then the new one is put in front."""
    settings.ENCRYPTION_KEYS = [OLD]
    agent = make_agent()
    agents.set_credential(agent, "Bearer credential")
    schedule = make_schedule(agent, payload=with_secret("variable"))
    make_run(schedule, payload=schedule.payload)
    make_schedule(agent, payload={"input": "no secret here", "variables": {"city": "Oslo"}})
    settings.ENCRYPTION_KEYS = [NEW, OLD]


def with_secret(value: str) -> payloads.Payload:
    """A payload as a client sends it."""
    return {"input": "{{token}}", "variables": {"token": {"secret": True, "value": value}, "city": "Oslo"}}


def secrets() -> list[str]:
    """Every stored secret in clear, as the configured keys open it."""
    stored: list[Any] = [Schedule.objects.earliest("id"), Run.objects.get()]
    opened = [payloads.opened(row.payload)["variables"]["token"]["value"] for row in stored]
    return [unseal(Agent.objects.get().sealed_credential), *opened]


@pytest.mark.usefixtures("_sealed_with_the_old_key")
def test_afterwards_the_old_key_may_go(run: RunCommand, settings: Settings) -> None:
    printed = run("rotate_secrets")

    settings.ENCRYPTION_KEYS = [NEW]
    assert secrets() == ["Bearer credential", "variable", "variable"]
    assert printed == "agents: 1 resealed\nwebhooks: 0 resealed\nschedules: 1 resealed\nruns: 1 resealed\n"
    assert Schedule.objects.earliest("id").payload["variables"]["city"] == "Oslo"


def test_every_secret_of_an_agent_is_sealed_anew(run: RunCommand, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    certificate, key = self_signed()
    headers: dict[str, Any] = {"X-Key": {"secret": True, "value": "h3ad3r"}, "X-Team": "growth"}
    agent = agents.create(
        make_workspace(),
        "digest",
        {
            "runtime": "echo",
            "credential": "Bearer credential",
            "extra_headers": headers,
            "signing_secrets": SIGNING,
            "client_certificate_pem": certificate,
            "client_key_pem": key,
        },
    )
    settings.ENCRYPTION_KEYS = [NEW, OLD]

    printed = run("rotate_secrets")

    settings.ENCRYPTION_KEYS = [NEW]
    agent.refresh_from_db()
    assert opened_headers(agent.extra_headers) == {"X-Key": "h3ad3r", "X-Team": "growth"}
    assert list(map(unseal, agent.sealed_signing_secrets)) == SIGNING
    assert (unseal(agent.sealed_client_key), unseal(agent.sealed_credential)) == (key, "Bearer credential")
    assert printed.startswith("agents: 4 resealed\n")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert run("rotate_secrets").startswith("agents: 0 resealed\n")


def test_the_secrets_of_endpoints_are_sealed_anew(run: RunCommand, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    url = "https://hooks.slack.com/services/T0/B0/Tok3n"
    slack, webhook = make_webhook(channel="slack", target=url), make_webhook()
    secret = endpoints.rotate_secret(webhook, database_now()).secret
    settings.ENCRYPTION_KEYS = [NEW, OLD]

    printed = run("rotate_secrets")

    settings.ENCRYPTION_KEYS = [NEW]
    slack.refresh_from_db()
    webhook.refresh_from_db()
    assert unseal(slack.sealed_target) == url
    assert unseal(webhook.sealed_signing_secrets[0]) == secret
    assert "webhooks: 2 resealed" in printed


@pytest.mark.usefixtures("_sealed_with_the_old_key")
def test_again_it_changes_nothing(run: RunCommand) -> None:
    run("rotate_secrets")
    before = list(Schedule.objects.values()), list(Agent.objects.values()), list(Run.objects.values())

    printed = run("rotate_secrets")

    assert printed == "agents: 0 resealed\nwebhooks: 0 resealed\nschedules: 0 resealed\nruns: 0 resealed\n"
    assert before == (
        list(Schedule.objects.values()),
        list(Agent.objects.values()),
        list(Run.objects.values()),
    )


@pytest.mark.usefixtures("_sealed_with_the_old_key")
def test_it_is_no_edit(run: RunCommand) -> None:
    facts = ("updated_at", "generation", "next_fire__fire_time", "updated_by_id")
    before = list(Schedule.objects.values(*facts))

    run("rotate_secrets")

    assert list(Schedule.objects.values(*facts)) == before


@pytest.mark.usefixtures("_sealed_with_the_old_key")
def test_what_no_key_opens_is_named_and_left_alone(run: RunCommand, settings: Settings) -> None:
    lost = editing.create(
        Agent.objects.get(), editing.NewSchedule("cron", "@daily", with_secret("newer")), "apk_x", NOON
    )
    settings.ENCRYPTION_KEYS = [NEW]
    before = list(Agent.objects.values()), list(Run.objects.values())

    with pytest.raises(CommandError, match=r"3 secret\(s\) were left unchanged") as refused:
        run("rotate_secrets")

    assert refused.value.returncode == 1
    assert before == (list(Agent.objects.values()), list(Run.objects.values()))
    assert payloads.opened(Schedule.objects.get(id=lost.id).payload)["variables"]["token"]["value"] == "newer"
    named = [line for rotated in rotation.rotate() for line in rotated.unreadable]
    assert named == [
        f"agent {Agent.objects.get().id}: credential",
        f"schedule {Schedule.objects.earliest('id').id}: token",
        f"run {Run.objects.get().id}: token",
    ]


@pytest.mark.usefixtures("_sealed_with_the_old_key")
def test_more_than_one_batch_is_sealed_anew(
    run: RunCommand, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    schedule = Schedule.objects.earliest("id")
    for _ in range(4):
        make_run(schedule, payload=schedule.payload)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    monkeypatch.setattr(rotation, "BATCH", 2)

    assert "runs: 5 resealed" in run("rotate_secrets")
    stored: list[Any] = list(Run.objects.values_list("payload", flat=True))
    assert all(is_newest(payload["variables"]["token"]["sealed"]) for payload in stored)


@pytest.mark.postgresql
@pytest.mark.usefixtures("_sealed_with_the_old_key")
def test_an_edit_in_progress_is_waited_for_and_kept() -> None:
    schedule = Schedule.objects.earliest("id")
    edit: editing.ScheduleChanges = {"payload": with_secret("edited")}

    def change() -> Schedule:
        return editing.update(schedule.id, edit, "apk_x", NOON)

    with ExitStack() as other_session, open_transaction(change):
        rotated = other_session.enter_context(elsewhere(lambda: list(rotation.rotate())))
        wait_until_blocked()
        assert not rotated.done()

    assert [kind.resealed_count for kind in rotated.result()] == [1, 0, 0, 1]
    assert (
        payloads.opened(Schedule.objects.get(id=schedule.id).payload)["variables"]["token"]["value"]
        == "edited"
    )
