"""update-agent-schedule: what a PATCH says and gets. What it does to the counters: test_generation.py."""

from typing import Any

import pytest

from schedules.models import Agent, ApiKey, Schedule
from schedules.secrets import payloads
from tests.api.caller import (
    DOCUMENT,
    Caller,
    assert_error,
    document,
    everything,
    schedule_path,
    schedules_path,
)
from tests.api.outsiders import (
    assert_not_for_readers,
    assert_not_under_another_agent,
    assert_only_for_its_workspace,
)
from tests.api.unsendable import JUST_SENDABLE, UNSENDABLE, make_strict_agent
from tests.factories import make_schedule

CHANGED = DOCUMENT | {"updated_by_id"}
PAUSE = {"is_active": False}


def test_a_change_answers_with_the_changed_schedule(api: Caller, schedule: Schedule) -> None:
    before = document(api.get(schedule_path(schedule)))

    changed = document(api.patch(schedule_path(schedule), {"display_name": "Morning"}))

    assert set(changed) == CHANGED | {"display_name"}
    assert changed == before | {
        "display_name": "Morning",
        "updated": changed["updated"],
        "updated_by_id": ApiKey.objects.get().actor,
    }
    assert changed["updated"] > before["updated"]
    assert document(api.get(schedule_path(schedule))) == changed


def test_an_empty_change_changes_nothing_at_all(api: Caller, schedule: Schedule) -> None:
    before = document(api.get(schedule_path(schedule)))

    assert document(api.patch(schedule_path(schedule), {})) == before


def test_null_clears_tag_and_name(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(agent, agent_tag="v1", display_name="Morning")

    changed = document(api.patch(schedule_path(schedule), {"agent_tag": None, "display_name": None}))

    assert set(changed) == CHANGED


def test_a_tag_can_be_changed_to_one_the_agent_has(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(agent, agent_tag="v1")

    changed = document(api.patch(schedule_path(schedule), {"agent_tag": "v2"}))

    assert (set(changed), changed["agent_tag"]) == (CHANGED | {"agent_tag"}, "v2")
    before = everything()
    assert_error(api.patch(schedule_path(schedule), {"agent_tag": "v9"}), 404, "agent_not_found", "agent_tag")
    assert everything() == before


def test_a_payload_replaces_the_whole_payload(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(agent, payload={"input": "Hello", "metadata": {"a": 1}})

    new = {"input": "Hi", "variables": {"region": "EMEA"}}

    changed = document(api.patch(schedule_path(schedule), {"payload": new}))

    assert set(changed) == CHANGED
    assert changed["payload"] == new


@pytest.mark.parametrize(
    "payload", [{}, {"variables": {"region": "EMEA"}}, {"metadata": {"a": "b"}}, {"memory_entity_id": "m"}]
)
def test_a_payload_without_an_input_is_refused(
    api: Caller, schedule: Schedule, payload: dict[str, Any]
) -> None:
    before = everything()

    response = api.patch(schedule_path(schedule), {"payload": payload})

    assert_error(response, 400, "invalid_request_body", "payload.input")
    assert everything() == before


@pytest.mark.parametrize(("payload", "param", "words"), UNSENDABLE)
def test_what_its_agent_could_never_be_sent_is_refused(
    api: Caller, agent: Agent, payload: dict[str, Any], param: str, words: str
) -> None:
    schedule = make_schedule(make_strict_agent(agent))
    before = everything()

    response = api.patch(schedule_path(schedule), {"display_name": "New", "payload": payload})

    assert words in assert_error(response, 400, "invalid_request_body", param)
    assert everything() == before


def test_a_kept_secret_may_not_be_named_in_a_new_input(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(make_strict_agent(agent), payload=JUST_SENDABLE)
    masked = document(api.get(schedule_path(schedule)))["payload"]

    response = api.patch(schedule_path(schedule), {"payload": masked | {"input": "Use {{token}}"}})

    assert_error(response, 400, "invalid_request_body", "payload.input")
    document(api.patch(schedule_path(schedule), {"payload": masked | {"input": "Use {{region}} now"}}))


def test_a_mask_sent_back_keeps_the_secret(api: Caller, agent: Agent) -> None:
    token = {"secret": True, "value": "hunter2"}
    schedule = make_schedule(agent, payload={"input": "Hi", "variables": {"token": token}})
    masked = document(api.get(schedule_path(schedule)))["payload"]

    changed = document(api.patch(schedule_path(schedule), {"payload": masked | {"input": "New"}}))

    assert set(changed) == CHANGED
    assert changed["payload"] == masked | {"input": "New"}
    schedule.refresh_from_db()
    assert payloads.opened(schedule.payload)["variables"]["token"] == {"secret": True, "value": "hunter2"}


def test_a_mask_without_a_secret_behind_it_is_refused(api: Caller, schedule: Schedule) -> None:
    before = everything()
    mask = {"input": "Hi", "variables": {"token": {"secret": True, "value": "********"}}}

    response = api.patch(schedule_path(schedule), {"payload": mask})

    assert_error(response, 400, "invalid_request_body", "payload.variables.token")
    assert everything() == before


def test_a_new_secret_replaces_the_old_one(api: Caller, agent: Agent) -> None:
    old, new = (
        {"input": "Hi", "variables": {"token": {"secret": True, "value": value}}}
        for value in ("hunter2", "hunter3")
    )
    schedule = make_schedule(agent, payload=old)

    document(api.patch(schedule_path(schedule), {"payload": new}))

    schedule.refresh_from_db()
    assert payloads.opened(schedule.payload)["variables"]["token"] == {"secret": True, "value": "hunter3"}


def test_one_refused_part_refuses_the_whole_change(api: Caller, schedule: Schedule) -> None:
    before = everything()

    response = api.patch(
        schedule_path(schedule),
        {"display_name": "New", "payload": {"input": ""}, "expression": "every morning"},
    )

    assert_error(response, 400, "invalid_expression", "expression")
    assert everything() == before


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"type": "interval"}, "expression"),
        ({"expression": "@every 2h"}, "expression"),
        ({"expression": "@every 59m59s", "type": "interval"}, "expression"),
        ({"expression": "@at 2020-01-01T00:00:00Z", "type": "once"}, "expression"),
        ({"expression": ""}, "expression"),
    ],
)
def test_type_and_expression_must_agree_and_be_acceptable(
    api: Caller, schedule: Schedule, changes: dict[str, Any], param: str
) -> None:
    before = everything()

    message = assert_error(api.patch(schedule_path(schedule), changes), 400, "invalid_expression", param)

    assert "Valid example: " in message
    assert everything() == before


def test_a_reader_may_not_change(reader: Caller, schedule: Schedule) -> None:
    assert_not_for_readers(("PATCH", schedule_path(schedule), PAUSE), reader)


def test_an_outsider_may_not_change(
    nobody: Caller, elsewhere: Caller, api: Caller, schedule: Schedule
) -> None:
    call = ("PATCH", schedule_path(schedule), PAUSE)

    assert_only_for_its_workspace(call, nobody=nobody, elsewhere=elsewhere)
    assert_not_under_another_agent(call, schedule, api)


def test_what_is_not_there_cannot_be_changed(api: Caller, agent: Agent) -> None:
    missing = f"{schedules_path(agent)}/01KPN29WWKSK0VDPJNTKZPVNRB"

    assert_error(api.patch(missing, PAUSE), 404, "schedule_not_found")
