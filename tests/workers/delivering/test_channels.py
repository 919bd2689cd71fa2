"""The other ways: Slack, PagerDuty and mail take the same message, each in its own clothes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from pydantic import SecretStr
from pytest_django import Settings

from orqsite.mail_server import mail_server as mail_server_of
from schedules import access
from schedules.database.clock import database_now
from schedules.deliveries import outbox
from schedules.models import Channel, Delivery, Role, Webhook
from schedules.secrets.sealing import seal
from tests.authority import make_authority, server_context
from tests.factories import make_workspace
from tests.schedules.deliveries.alerts import make_alert, make_delivery, make_webhook
from tests.workers.delivering.conftest import send_due
from tests.workers.delivering.mail_server import MailServer, taking_mail
from tests.workers.delivering.receiver import Answer, Receiver

pytestmark = pytest.mark.django_db
ROUTING_KEY = "R0123456789ABCDEF0123456789ABCDE"
CONSOLE = {"console_url": "https://schedules.example.com/console/", "code": "agent_unreachable"}


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """A mail server that the service is set up with."""
    with taking_mail() as server:
        set_up_mail(settings, f"smtp://127.0.0.1:{server.port}")
        yield server


def set_up_mail(settings: Settings, url: str) -> None:
    """As the service reads ORQ_EMAIL_URL at its start."""
    server = mail_server_of(url)
    settings.ORQ = settings.ORQ.model_copy(update={"email_url": SecretStr(url)})
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.host, server.port
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = server.user, server.password
    settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS = server.is_tls, server.is_starttls


@pytest.fixture
def pagerduty(receiver: Receiver, settings: Settings) -> Webhook:
    """An endpoint at PagerDuty, which the receiver stands in for."""
    settings.ORQ = settings.ORQ.model_copy(update={"pagerduty_url": receiver.url})
    return make_webhook(channel="pagerduty", target=ROUTING_KEY)


def slack_at(receiver: Receiver) -> Webhook:
    """An endpoint as made for Slack, but where the receiver is: no server of ours has Slack's certificate."""
    webhook = make_webhook(channel="slack", target="https://hooks.slack.com/services/T0/B0/Tok3n")
    Webhook.objects.filter(id=webhook.id).update(sealed_target=seal(receiver.url))
    return webhook


def bodies(receiver: Receiver) -> list[Any]:
    return [json.loads(body) for _, body in receiver.requests]


def test_slack_gets_one_line_with_a_link_and_nobody_is_mentioned(receiver: Receiver) -> None:
    make_delivery(slack_at(receiver), summary="The agent <!channel> & co fails", data=CONSOLE)

    send_due(database_now())

    [message] = bodies(receiver)
    [attachment] = message["attachments"]
    assert message["text"] == "The agent &lt;!channel&gt; &amp; co fails"
    assert attachment["text"].endswith("\n<https://schedules.example.com/console/|Open in the console>")
    assert (attachment["color"], attachment["footer"]) == ("#c62828", "agent.outage.opened")
    assert "webhook-signature" not in receiver.requests[0][0]
    assert Delivery.objects.get().state == "delivered"


def test_an_incident_is_opened_and_resolved_at_pagerduty_by_its_id(
    receiver: Receiver, pagerduty: Webhook
) -> None:
    receiver.answer(Answer(202))
    opened = make_alert(pagerduty.workspace, data=CONSOLE)
    of_it = {"incident_id": opened.incident_id, "severity": "info", "ends": True}
    ended = make_alert(pagerduty.workspace, type="agent.outage.recovered", **of_it)
    outbox.put([opened])
    send_due(database_now())
    outbox.put([ended])
    send_due(database_now())

    trigger, resolve = bodies(receiver)
    assert (trigger["event_action"], resolve["event_action"]) == ("trigger", "resolve")
    assert trigger["dedup_key"] == resolve["dedup_key"] == opened.incident_id
    assert trigger["routing_key"] == resolve["routing_key"] == ROUTING_KEY
    assert trigger["payload"]["summary"] == opened.summary
    assert trigger["payload"]["severity"] == "critical"
    assert trigger["payload"]["custom_details"] == CONSOLE
    assert trigger["links"] == [{"href": CONSOLE["console_url"], "text": "Open in the console"}]
    assert set(resolve) == {"event_action", "dedup_key", "routing_key"}


def test_two_messages_without_an_incident_are_two_at_pagerduty(
    receiver: Receiver, pagerduty: Webhook
) -> None:
    made = [make_delivery(pagerduty, incident_id="", type="alerts.digest") for _ in range(2)]

    send_due(database_now())

    assert {event["dedup_key"] for event in bodies(receiver)} == {each.id for each in made}


def test_a_mail_goes_to_every_address_of_the_endpoint(mail_server: MailServer) -> None:
    webhook = make_webhook(channel="email", target="ops@example.com,anna@example.com")
    delivery = make_delivery(webhook, summary="The agent café fails\r\nBcc: x@example.com", data=CONSOLE)

    send_due(database_now())

    [message] = mail_server.messages
    assert mail_server.envelopes == [["ops@example.com", "anna@example.com"]]
    assert message["X-Webhook-Id"] == delivery.id
    assert message["Bcc"] is None
    text = message.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "The agent café fails" in text.decode()
    assert "code: agent_unreachable" in text.decode()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == ("delivered", "")


def test_a_mail_that_is_refused_is_tried_again(mail_server: MailServer) -> None:
    mail_server.refusal = "450 not now"
    delivery = make_delivery(make_webhook(channel="email", target="ops@example.com"))

    send_due(database_now())
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == ("pending", "mail_refused")

    mail_server.refusal = ""
    send_due(delivery.next_attempt_at)
    delivery.refresh_from_db()
    assert delivery.state == "delivered"


@pytest.mark.parametrize(
    ("password", "is_trusted", "outcome"),
    [
        ("p%40ss/word", True, ("delivered", "")),
        ("wrong", True, ("pending", "mail_refused")),
        ("p%40ss/word", False, ("pending", "unreachable")),
    ],
)
def test_a_server_that_wants_encryption_and_an_account_gets_them(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    password: str,
    is_trusted: bool,
    outcome: tuple[str, str],
) -> None:
    authority = make_authority()
    (tmp_path / "ca.pem").write_text((authority if is_trusted else make_authority()).public_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls = server_context(authority.sign("localhost"), tmp_path)

    with taking_mail(("ops@example.org", "p@ss/word"), tls) as server:
        url = f"smtp+starttls://ops%40example.org:{quote(password, safe='%')}@localhost:{server.port}"
        set_up_mail(settings, url)
        delivery = make_delivery(make_webhook(channel="email", target="ops@example.com"))
        send_due(database_now())

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == outcome
    assert [server.is_encrypted for _ in server.messages] == ([True] if outcome[0] == "delivered" else [])


def test_a_mail_server_that_is_away_is_waited_for(mail_server: MailServer, settings: Settings) -> None:
    delivery = make_delivery(make_webhook(channel="email", target="ops@example.com"))
    settings.EMAIL_PORT = 1

    send_due(database_now())

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == ("pending", "unreachable")


def test_owners_are_told_that_an_endpoint_is_off(mail_server: MailServer, receiver: Receiver) -> None:
    workspace = make_workspace()
    anna = User.objects.create(username="anna", email="anna@example.com")
    access.give(anna, workspace, Role.ADMINISTRATOR, signature="test")
    receiver.answer(Answer(410))
    make_delivery(make_webhook(workspace, target=receiver.url))

    send_due(database_now())
    send_due(database_now())

    assert mail_server.envelopes == [["anna@example.com"]]
    assert "was switched off: it answered HTTP 410" in str(mail_server.messages[0]["Subject"])


def test_a_secret_that_no_key_opens_is_tried_again_later(receiver: Receiver) -> None:
    delivery = make_delivery(slack_at(receiver))
    Webhook.objects.update(sealed_target="gAAAA-sealed-with-another-key")

    send_due(database_now())

    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == ("pending", "secret_unreadable")
    assert receiver.requests == []


def test_every_channel_has_its_way() -> None:
    from workers.delivering.channels import _WAYS

    assert set(_WAYS) == set(Channel)
