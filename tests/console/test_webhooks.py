"""Endpoints and their messages in the console: the secret is shown once, dead letters are sent again."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from schedules.models import Delivery, DeliveryState, Webhook, Workspace
from schedules.secrets.sealing import unseal
from tests.console.browser import form_of, text_of
from tests.factories import make_workspace
from tests.schedules.deliveries.alerts import make_delivery, make_webhook

pytestmark = pytest.mark.django_db
ADD = "/console/schedules/webhook/add/"
DELIVERIES = "/console/schedules/delivery/"


def add(operator: Client, workspace: Workspace, **said: Any) -> Any:
    form = form_of(operator.get(ADD), "webhook_form")
    new = {"workspace": str(workspace.pk), "display_name": "On call", "channel": "webhook"}
    return operator.post(ADD, form | new | said)


def replay(operator: Client, selected: list[Delivery], query: str = "", **said: str) -> Any:
    form = {"action": "replay", "_selected_action": [each.id for each in selected]} | said
    return operator.post(DELIVERIES + query, form, follow=True)


def address(webhook: Webhook, page: str, *args: str) -> str:
    return reverse(f"admin:schedules_webhook_{page}", args=(webhook.pk, *args))


def test_the_signing_secret_of_a_new_webhook_is_shown_once(operator: Client) -> None:
    page = add(operator, make_workspace(), target="https://hooks.example.com/x", rules=["agent.outage"])

    secret = re.findall(r"whsec_[A-Za-z0-9+/=]+", page.content.decode())
    webhook = Webhook.objects.get()
    assert [unseal(sealed) for sealed in webhook.sealed_signing_secrets] == secret
    assert (webhook.target, webhook.rules) == ("https://hooks.example.com/x", ["agent.outage"])
    assert "whsec_" not in operator.get(address(webhook, "change")).content.decode()


def test_a_new_secret_is_shown_once_too(operator: Client) -> None:
    webhook = make_webhook()

    page = operator.post(address(webhook, "do", "rotate")).content.decode()

    webhook.refresh_from_db()
    assert unseal(webhook.sealed_signing_secrets[0]) in page
    assert len(webhook.sealed_signing_secrets) == 2


def test_a_secret_target_is_never_shown_and_stays_when_it_is_saved_as_shown(operator: Client) -> None:
    add(operator, make_workspace(), channel="slack", target="https://hooks.slack.com/services/T0/B0/Tok3n")
    webhook = Webhook.objects.get()
    sealed, change = webhook.sealed_target, address(webhook, "change")

    page = operator.get(change)
    operator.post(change, form_of(page, "webhook_form") | {"display_name": "Other"})

    assert "Tok3n" not in page.content.decode()
    webhook.refresh_from_db()
    assert (webhook.display_name, webhook.sealed_target) == ("Other", sealed)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"target": "http://127.0.0.1/x"}, "not one that alerts may go to"),
        ({"channel": "pagerduty", "target": "short"}, "routing key"),
        ({"channel": "email", "target": "ops@example.com"}, "No mail server is set"),
        ({"target": "https://hooks.example.com/x", "rules": ["nonsense"]}, "nonsense"),
    ],
)
def test_what_cannot_be_is_said_in_the_form(operator: Client, said: dict[str, Any], words: str) -> None:
    page = add(operator, make_workspace(), **said)

    assert words in text_of(page)
    assert not Webhook.objects.exists()


def test_an_endpoint_is_switched_off_and_on_again(operator: Client) -> None:
    webhook = make_webhook()
    change = address(webhook, "change")
    form = form_of(operator.get(change), "webhook_form")

    operator.post(change, {name: value for name, value in form.items() if name != "is_enabled"})
    webhook.refresh_from_db()
    assert (webhook.is_enabled, webhook.disabled_reason) == (False, "by_hand")
    assert "off: switched off by somebody" in text_of(operator.get(change))

    operator.post(change, form | {"is_enabled": "on"})
    webhook.refresh_from_db()
    assert (webhook.is_enabled, webhook.disabled_reason) == (True, "")


def test_the_test_button_writes_a_message(operator: Client) -> None:
    webhook = make_webhook()

    page = operator.post(address(webhook, "do", "test"), follow=True)

    assert Delivery.objects.get().type == "webhook.test"
    assert "sent a test" in text_of(page)


def test_dead_letters_are_found_and_selected_ones_are_sent_again(operator: Client) -> None:
    webhook = make_webhook()
    dead, other = (make_delivery(webhook, state="dead", last_error="timeout") for _ in range(2))
    pending = make_delivery(webhook, summary="On its way")

    page = text_of(operator.get(f"{DELIVERIES}?state__exact=dead"))
    assert "timeout" in page
    assert "On its way" not in page

    answer = text_of(replay(operator, [dead, pending]))

    assert "1 on their way again" in answer
    assert "1 skipped: still on their way" in answer
    states = {each.id: each.state for each in Delivery.objects.all()}
    assert states == {dead.id: "pending", other.id: "dead", pending.id: "pending"}


def test_all_that_a_filter_finds_are_sent_again_however_many_pages(operator: Client) -> None:
    webhook = make_webhook()
    dead = [make_delivery(webhook, state="dead") for _ in range(60)]
    kept = make_delivery(make_webhook(), state="dead")
    done = make_delivery(webhook, state="delivered")

    page = replay(operator, dead[:1], f"?webhook={webhook.pk}&state__exact=dead", select_across="1")

    assert "60 on their way again" in text_of(page)
    assert Delivery.objects.filter(state=DeliveryState.PENDING).count() == 60
    kept.refresh_from_db()
    done.refresh_from_db()
    assert (kept.state, done.state) == ("dead", "delivered")


def test_a_message_says_everything_about_itself(operator: Client) -> None:
    delivery = make_delivery(
        make_webhook(), data={"agent_key": "<b>digest</b>"}, last_message="it answered HTTP 503"
    )

    page = operator.get(f"{DELIVERIES}{delivery.id}/change/")

    assert "it answered HTTP 503" in text_of(page)
    assert delivery.id in text_of(page)
    assert "<b>digest" not in page.content.decode()
