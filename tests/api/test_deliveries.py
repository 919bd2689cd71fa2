"""/v3/deliveries: messages on their way, dead letters, and sending them again."""

from datetime import timedelta
from typing import Any

import pytest

from schedules.database.clock import database_now
from schedules.deliveries import replaying
from schedules.expressions.instants import rfc3339
from schedules.models import Agent, Delivery, DeliveryState, JournalEntry, Scope
from tests.api.caller import Caller, assert_error, document
from tests.factories import make_token
from tests.schedules.deliveries.alerts import make_delivery, make_webhook

PATH = "/v3/deliveries"


@pytest.fixture
def triggerer(agent: Agent) -> Caller:
    """May run and replay, as an operator does."""
    return Caller(make_token(agent.workspace, Scope.TRIGGER))


def ids(caller: Caller, query: str = "") -> list[str]:
    return [each["_id"] for each in document(caller.get(f"{PATH}{query}"))["deliveries"]]


def state_of(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.state


def test_a_message_shows_what_it_says_and_what_became_of_it(reader: Caller, agent: Agent) -> None:
    delivery = make_delivery(
        make_webhook(agent.workspace), state="dead", last_status=503, last_error="http_error"
    )

    shown: dict[str, Any] = document(reader.get(f"{PATH}/{delivery.id}"))

    assert shown["body"]["data"] == {"code": "agent_unreachable"}
    assert (shown["state"], shown["last_status"], shown["last_error"]) == ("dead", 503, "http_error")
    assert "next_attempt_at" not in shown
    [listed] = document(reader.get(PATH))["deliveries"]
    assert listed == {name: value for name, value in shown.items() if name != "body"}


def test_filters_find_dead_letters_of_one_endpoint_and_time(reader: Caller, agent: Agent) -> None:
    one, other = make_webhook(agent.workspace), make_webhook(agent.workspace)
    now = database_now()
    dead = make_delivery(one, state="dead")
    old = make_delivery(one, state="dead", created_at=now - timedelta(days=2))
    elsewhere, pending = make_delivery(other, state="dead"), make_delivery(one)

    yesterday = rfc3339(now - timedelta(days=1))
    assert set(ids(reader)) == {dead.id, old.id, elsewhere.id, pending.id}
    assert set(ids(reader, "?state=dead")) == {dead.id, old.id, elsewhere.id}
    assert set(ids(reader, f"?state=dead&webhook_id={one.id}")) == {dead.id, old.id}
    assert ids(reader, f"?state=dead&webhook_id={one.id}&from={yesterday}") == [dead.id]
    assert ids(reader, f"?to={yesterday}") == [old.id]
    assert_error(reader.get(f"{PATH}?state=lost"), 400, "invalid_request_body", "state")
    assert_error(reader.get(f"{PATH}?webhook_id=x"), 400, "invalid_request_body", "webhook_id")


def test_pages_are_newest_first(reader: Caller, agent: Agent) -> None:
    webhook = make_webhook(agent.workspace)
    made = [make_delivery(webhook).id for _ in range(3)]

    first = document(reader.get(f"{PATH}?limit=2"))

    newest_first = sorted(made, reverse=True)
    assert [each["_id"] for each in first["deliveries"]] == newest_first[:2]
    assert ids(reader, f"?limit=2&after={first['next_after']}") == newest_first[2:]


def test_one_message_is_sent_again_under_its_id(triggerer: Caller, agent: Agent) -> None:
    delivery = make_delivery(make_webhook(agent.workspace), state="dead", attempt_count=10)

    shown = document(triggerer.post(f"{PATH}/{delivery.id}/replay"), 202)

    assert (shown["_id"], shown["state"], shown["attempt_count"]) == (delivery.id, "pending", 10)
    delivery.refresh_from_db()
    assert delivery.attempt == 0
    assert_error(triggerer.post(f"{PATH}/{delivery.id}/replay"), 400, "delivery_not_replayable")


def test_all_that_a_filter_finds_are_sent_again_and_counted(
    triggerer: Caller, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "BATCH", 2)
    webhook, other = make_webhook(agent.workspace), make_webhook(agent.workspace)
    dead = [make_delivery(webhook, state="dead") for _ in range(5)]
    kept = [make_delivery(other, state="dead"), make_delivery(webhook, state="delivered")]

    answer = document(triggerer.post(f"{PATH}/replay", {"webhook_id": webhook.id}), 202)

    assert answer == {"count": 5}
    assert {state_of(each) for each in dead} == {DeliveryState.PENDING}
    assert [state_of(each) for each in kept] == ["dead", "delivered"]
    lines = JournalEntry.objects.filter(verb="replay")
    assert sum(line.changes["count"]["new"] for line in lines) == 5
    assert len({line.batch_id for line in lines}) == 1


def test_without_a_filter_every_dead_letter_of_the_workspace_is_sent_again(
    triggerer: Caller, agent: Agent
) -> None:
    dead, foreign = (
        make_delivery(make_webhook(agent.workspace), state="dead"),
        make_delivery(make_webhook(), state="dead"),
    )

    assert document(triggerer.post(f"{PATH}/replay", {}), 202) == {"count": 1}

    assert (state_of(dead), state_of(foreign)) == ("pending", "dead")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"state": "pending"}, "state"),
        ({"webhook_id": "x"}, "webhook_id"),
        ({"all": True}, "all"),
        (None, None),
    ],
)
def test_a_wrong_filter_sends_nothing_again(
    triggerer: Caller, agent: Agent, body: Any, param: str | None
) -> None:
    dead = make_delivery(make_webhook(agent.workspace), state="dead")

    assert_error(triggerer.post(f"{PATH}/replay", body), 400, "invalid_request_body", param)

    assert state_of(dead) == "dead"


def test_a_key_that_is_limited_to_agents_sees_and_replays_none(agent: Agent) -> None:
    limited = Caller(make_token(agent.workspace, agents=[agent]))
    dead = make_delivery(make_webhook(agent.workspace), state="dead")

    assert ids(limited) == []
    assert_error(limited.get(f"{PATH}/{dead.id}"), 404, "delivery_not_found")
    assert document(limited.post(f"{PATH}/replay", {}), 202) == {"count": 0}
    assert state_of(dead) == "dead"
