"""create-agent-schedule."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schedules.database.clock import database_now
from schedules.models import Agent, ApiKey, Schedule
from schedules.secrets import payloads
from tests.api.caller import DOCUMENT, Caller, assert_error, document, schedules_path
from tests.api.outsiders import assert_not_for_readers, assert_only_for_its_workspace
from tests.api.unsendable import JUST_SENDABLE, UNSENDABLE, make_strict_agent
from tests.factories import make_agent

NEW: dict[str, Any] = {"type": "cron", "expression": "0 0 9 * * mon-fri", "payload": {"input": "Hello"}}


def _instant(text: str) -> datetime:
    return datetime.strptime(
        text.replace(".", ",", 1).split(",")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S"
    ).replace(tzinfo=UTC)


def test_a_schedule_is_created_as_documented(api: Caller, agent: Agent) -> None:
    before = database_now()

    created = document(api.post(schedules_path(agent), NEW), 201)

    assert set(created) == DOCUMENT
    assert NEW.items() <= created.items()
    assert created["workspace_id"] == str(agent.workspace_id)
    assert created["agent_key"] == "digest"
    assert created["created_by_id"] == ApiKey.objects.get().actor
    assert (created["is_active"], created["generation"], created["trigger_count"]) == (True, 1, 0)
    assert created["created"] == created["updated"]
    assert before - timedelta(seconds=1) <= _instant(created["created"]) <= database_now()
    assert created["next_fire_at"].endswith("T09:00:00Z")


def test_what_was_created_can_be_read(api: Caller, agent: Agent) -> None:
    created = document(api.post(schedules_path(agent), NEW), 201)

    assert document(api.get(f"{schedules_path(agent)}/{created['_id']}")) == created


def test_tag_and_name_are_kept(api: Caller, agent: Agent) -> None:
    named = NEW | {"agent_tag": "v2", "display_name": "Morning briefing ☀"}

    created = document(api.post(schedules_path(agent), named), 201)

    assert set(created) == DOCUMENT | {"agent_tag", "display_name"}
    assert named.items() <= created.items()


def test_null_means_absent(api: Caller, agent: Agent) -> None:
    created = document(api.post(schedules_path(agent), NEW | {"agent_tag": None, "display_name": None}), 201)

    assert set(created) == DOCUMENT


@pytest.mark.parametrize(
    ("type_", "expression"),
    [
        ("cron", "@hourly"),
        ("cron", "0 0 0 29 2 *"),
        ("cron", "05 +5 */1 * jan-dec sun"),
        ("interval", "@every 60m"),
        ("interval", "@every 3600s"),
        ("interval", "@every 1h30m"),
        ("once", "@at 2099-05-01T09:00:00Z"),
        ("once", "@at 2099-05-01T09:00:00.250+00:00"),
    ],
)
def test_every_type_of_expression_comes_back_as_written(
    api: Caller, agent: Agent, type_: str, expression: str
) -> None:
    created = document(api.post(schedules_path(agent), NEW | {"type": type_, "expression": expression}), 201)

    assert (created["type"], created["expression"]) == (type_, expression)


def test_a_fraction_of_a_second_shows_only_where_there_is_one(api: Caller, agent: Agent) -> None:
    shown = {
        expression: document(
            api.post(schedules_path(agent), NEW | {"type": "once", "expression": expression}), 201
        )
        for expression in ("@at 2099-05-01T09:00:00Z", "@at 2099-05-01T09:00:00.25Z")
    }

    assert [created["next_fire_at"] for created in shown.values()] == [
        "2099-05-01T09:00:00Z",
        "2099-05-01T09:00:00.250000Z",
    ]


def test_a_payload_keeps_every_value(api: Caller, agent: Agent) -> None:
    payload = {
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "Grüße 🌍 {{x.__class__}}"}]}],
        "memory_entity_id": "customer-7",
        "metadata": {"big": 2**70, "nothing": None, "deep": {"list": [1, 2.5, True, None, "x"]}, "": "empty"},
        "variables": {"region": "EMEA", "count": 3, "plain": {"secrets": True}},
    }

    created = document(api.post(schedules_path(agent), NEW | {"payload": payload}), 201)
    read = document(api.get(f"{schedules_path(agent)}/{created['_id']}"))

    assert created["payload"] == read["payload"] == payload


def test_an_empty_input_is_an_input(api: Caller, agent: Agent) -> None:
    payload = {"input": ""}

    assert document(api.post(schedules_path(agent), NEW | {"payload": payload}), 201)["payload"] == payload


@pytest.mark.parametrize("payload", [{}, {"variables": {"a": "b"}}, {"metadata": {}}])
def test_a_payload_without_an_input_is_refused(api: Caller, agent: Agent, payload: dict[str, Any]) -> None:
    response = api.post(schedules_path(agent), NEW | {"payload": payload})

    assert_error(response, 400, "invalid_request_body", "payload.input")
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(("payload", "param", "words"), UNSENDABLE)
def test_what_its_agent_could_never_be_sent_is_refused(
    api: Caller, agent: Agent, payload: dict[str, Any], param: str, words: str
) -> None:
    strict = make_strict_agent(agent)

    response = api.post(schedules_path(strict), NEW | {"payload": payload})

    assert words in assert_error(response, 400, "invalid_request_body", param)
    assert not Schedule.objects.exists()


def test_what_its_agent_can_just_be_sent_is_taken(api: Caller, agent: Agent) -> None:
    document(api.post(schedules_path(make_strict_agent(agent)), NEW | {"payload": JUST_SENDABLE}), 201)


def test_what_one_agent_could_never_be_sent_another_may_take(api: Caller, agent: Agent) -> None:
    """The platform's own router takes secrets beside the input, and has no limits of metadata."""
    platform = make_agent(
        agent.workspace, key="platform", runtime="responses", base_url="https://agents.example"
    )

    for payload, _, _ in UNSENDABLE:
        document(api.post(schedules_path(platform), NEW | {"payload": payload}), 201)


def test_a_secret_is_never_shown_and_never_stored_in_clear(api: Caller, agent: Agent) -> None:
    secret = {"token": {"secret": True, "value": "hunter2"}, "region": "EMEA"}

    created = document(
        api.post(schedules_path(agent), NEW | {"payload": {"input": "Hi", "variables": secret}}), 201
    )

    shown = {"token": {"secret": True, "value": "********"}, "region": "EMEA"}
    assert created["payload"] == {"input": "Hi", "variables": shown}
    stored = Schedule.objects.get().payload
    assert "hunter2" not in str(stored)
    assert payloads.opened(stored)["variables"]["token"] == {"secret": True, "value": "hunter2"}


def test_an_unknown_tag_is_an_agent_not_found(api: Caller, agent: Agent) -> None:
    message = assert_error(
        api.post(schedules_path(agent), NEW | {"agent_tag": "v9"}), 404, "agent_not_found", "agent_tag"
    )

    assert "v9" in message
    assert not Schedule.objects.exists()


def test_an_unknown_agent_is_not_found(api: Caller) -> None:
    assert_error(api.post("/v3/agents/unknown/schedules", NEW), 404, "agent_not_found")


def test_a_reader_may_not_create(reader: Caller, agent: Agent) -> None:
    assert_not_for_readers(("POST", schedules_path(agent), NEW), reader)


def test_an_outsider_may_not_create(nobody: Caller, elsewhere: Caller, agent: Agent) -> None:
    theirs = make_agent(agent.workspace, key="only_here")

    assert_only_for_its_workspace(
        ("POST", schedules_path(theirs), NEW), nobody=nobody, elsewhere=elsewhere, missing="agent_not_found"
    )
