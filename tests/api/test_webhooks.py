"""/v3/webhooks: endpoints are made, changed, tried, given new secrets and deleted."""

from datetime import timedelta
from typing import Any

import pytest

from schedules.database.clock import database_now
from schedules.deliveries import endpoints, outbox
from schedules.models import Agent, Delivery, JournalEntry, Scope, Webhook
from schedules.secrets.sealing import unseal
from tests.api.caller import Caller, assert_error, document
from tests.factories import make_token
from tests.schedules.deliveries.alerts import make_alert, make_delivery, make_webhook

PATH = "/v3/webhooks"
URL = "https://hooks.example.com/x"


@pytest.fixture
def admin(agent: Agent) -> Caller:
    """May do everything in the agent's workspace."""
    return Caller(make_token(agent.workspace, Scope.ADMIN))


def create(admin: Caller, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = document(
        admin.post(PATH, {"display_name": "On call", "target": URL} | fields), 201
    )
    return made


def test_a_webhook_is_made_and_its_secret_shown_this_once(admin: Caller) -> None:
    made = create(admin, rules=["schedule.failing", "agent.outage", "agent.outage"])

    secret = made.pop("signing_secret")
    webhook = Webhook.objects.get()
    assert [unseal(sealed) for sealed in webhook.sealed_signing_secrets] == [secret]
    assert secret not in str(JournalEntry.objects.values())
    assert made == document(admin.get(f"{PATH}/{made['_id']}"))
    assert made["rules"] == ["schedule.failing", "agent.outage"]
    assert (made["channel"], made["is_enabled"], made["signing_secret_count"]) == ("webhook", True, 1)
    assert "disabled_reason" not in made


@pytest.mark.parametrize(
    ("channel", "target", "shown"),
    [
        ("slack", "https://hooks.slack.com/services/T0/B0/Tok3n", "https://hooks.slack.com/********"),
        ("pagerduty", "R0123456789ABCDEF0123456789ABCDE", "********"),
    ],
)
def test_a_secret_target_is_sealed_and_its_mask_keeps_it(
    admin: Caller, channel: str, target: str, shown: str
) -> None:
    made = create(admin, channel=channel, target=target)
    assert (made["target"], "signing_secret" in made) == (shown, False)

    document(admin.patch(f"{PATH}/{made['_id']}", {"target": shown, "display_name": "Other"}))

    webhook = Webhook.objects.get()
    assert (unseal(webhook.sealed_target), webhook.display_name) == (target, "Other")
    assert target not in str(JournalEntry.objects.values())


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"target": "http://169.254.169.254/x"}, "target"),
        ({"target": ""}, "target"),
        ({"display_name": ""}, "display_name"),
        ({"display_name": "a\nb"}, "display_name"),
        ({"channel": "fax"}, "channel"),
        ({"channel": "email", "target": "ops@example.com"}, "channel"),
        ({"rules": ["nonsense"]}, "rules"),
        ({"rules": "agent.outage"}, "rules"),
        ({"secret": "x"}, "secret"),
        ({"is_enabled": False}, "is_enabled"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(admin: Caller, fields: dict[str, Any], param: str) -> None:
    response = admin.post(PATH, {"display_name": "On call", "target": URL} | fields)

    assert_error(response, 400, "invalid_request_body", param)
    assert not Webhook.objects.exists()


def test_the_channel_of_an_endpoint_stays(admin: Caller) -> None:
    made = create(admin)

    assert_error(
        admin.patch(f"{PATH}/{made['_id']}", {"channel": "slack"}), 400, "invalid_request_body", "channel"
    )


def test_a_workspace_has_so_many_endpoints_and_no_more(
    admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    create(admin)

    assert_error(admin.post(PATH, {"display_name": "Two", "target": URL}), 403, "quota_exceeded")


def test_an_endpoint_that_is_switched_off_is_told_nothing_and_not_tried(admin: Caller, agent: Agent) -> None:
    made = create(admin)
    path = f"{PATH}/{made['_id']}"

    off = document(admin.patch(path, {"is_enabled": False}))

    assert (off["is_enabled"], off["disabled_reason"]) == (False, "by_hand")
    assert outbox.put([make_alert(agent.workspace)]) == 0
    assert_error(admin.post(f"{path}/test"), 400, "webhook_disabled")
    on = document(admin.patch(path, {"is_enabled": True}))
    assert (on["is_enabled"], "disabled_reason" in on) == (True, False)
    assert outbox.put([make_alert(agent.workspace)]) == 1


def test_a_new_secret_leaves_the_one_before_valid_for_a_week(admin: Caller) -> None:
    made = create(admin)

    rotated = document(admin.post(f"{PATH}/{made['_id']}/rotate-secret"), 201)
    again = document(admin.post(f"{PATH}/{made['_id']}/rotate-secret"), 201)

    webhook = Webhook.objects.get()
    stored = [unseal(sealed) for sealed in webhook.sealed_signing_secrets]
    assert stored == [again["signing_secret"], rotated["signing_secret"]]
    assert again["signing_secret_count"] == 2
    assert webhook.signing_secret_count(database_now() + timedelta(days=7, seconds=1)) == 1


def test_only_webhooks_have_a_secret_to_rotate(admin: Caller) -> None:
    made = create(admin, channel="slack", target="https://hooks.slack.com/services/T0/B0/Tok3n")

    response = admin.post(f"{PATH}/{made['_id']}/rotate-secret")

    assert_error(response, 400, "invalid_request_body")


def test_a_deleted_endpoint_takes_its_messages_with_it(admin: Caller) -> None:
    made = create(admin)
    make_delivery(Webhook.objects.get())

    assert admin.delete(f"{PATH}/{made['_id']}").status_code == 204

    assert not Delivery.objects.exists()
    assert_error(admin.get(f"{PATH}/{made['_id']}"), 404, "webhook_not_found")


def test_pages_of_endpoints_are_newest_first(admin: Caller) -> None:
    ids = [create(admin)["_id"] for _ in range(3)]

    first = document(admin.get(f"{PATH}?limit=2"))
    second = document(admin.get(f"{PATH}?limit=2&after={first['next_after']}"))

    assert [each["_id"] for each in first["webhooks"] + second["webhooks"]] == ids[::-1]


def test_a_key_that_is_limited_to_agents_manages_no_endpoint(agent: Agent) -> None:
    limited = Caller(make_token(agent.workspace, Scope.ADMIN, agents=[agent]))
    webhook = make_webhook(agent.workspace)

    for response in (
        limited.get(PATH),
        limited.post(PATH, {"display_name": "x", "target": URL}),
        limited.get(f"{PATH}/{webhook.id}"),
        limited.delete(f"{PATH}/{webhook.id}"),
    ):
        assert_error(response, 403, "insufficient_scope")


@pytest.mark.parametrize("webhook_id", ["x", "%00", "01KPN29WWKSK0VDPJNTKZPVNRB"])
def test_an_unknown_endpoint_is_not_found(admin: Caller, webhook_id: str) -> None:
    assert_error(admin.get(f"{PATH}/{webhook_id}"), 404, "webhook_not_found")
