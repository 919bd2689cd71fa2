"""What both clients do, called the ordinary way and as coroutines; every error as the client's own class."""

import json
from datetime import datetime

import pytest

from tests.proofs.clients.checks import Checks
from tests.proofs.clients.examples import MASK
from tests.proofs.clients.journey import OPERATIONS

pytestmark = [pytest.mark.processes, pytest.mark.clients]

ERRORS = {
    "trigger while inactive": (400, "schedule_inactive"),
    "list: unknown agent": (404, "agent_not_found"),
    "create: unknown agent": (404, "agent_not_found"),
    "create: unknown tag": (404, "agent_not_found"),
    "create: bad payload": (400, "invalid_request_body"),
    "create: too large": (413, "payload_too_large"),
    "update: unknown tag": (404, "agent_not_found"),
    "update: bad expression": (400, "invalid_expression"),
    "retrieve the deleted": (404, "schedule_not_found"),
    "delete again": (404, "schedule_not_found"),
}
ERRORS |= {
    f"{operation}: {whose}": (404, "schedule_not_found")
    for operation in ("retrieve", "update", "trigger", "delete")
    for whose in ("unknown schedule", "another agent's")
}
ERRORS |= {f"{operation}: no key": (401, "authentication_required") for operation in OPERATIONS}
ERRORS |= {f"{operation}: wrong key": (401, "invalid_api_key") for operation in OPERATIONS}
ERRORS |= {
    f"{operation}: read-only key": (403, "insufficient_scope")
    for operation in ("create", "update", "trigger", "delete")
}

TYPED = {
    ("create", 400): "CreateAgentScheduleSchedulesResponseBody",
    ("create", 404): "CreateAgentScheduleSchedulesResponseResponseBody",
    ("retrieve", 404): "RetrieveAgentScheduleSchedulesResponseBody",
    ("update", 400): "UpdateAgentScheduleSchedulesResponseBody",
    ("update", 404): "UpdateAgentScheduleSchedulesResponseResponseBody",
    ("trigger", 400): "TriggerAgentScheduleSchedulesResponseBody",
    ("trigger", 404): "TriggerAgentScheduleSchedulesResponseResponseBody",
    ("delete", 404): "DeleteAgentScheduleResponseBody",
}
"""The errors that both clients give a class of their own, by operation and status."""
NARROW_TYPED = TYPED | {("list", 401): "ErrorResponse", ("list", 404): "APIErrorResponse"}
CLASSES = {"wide": (TYPED, "APIError"), "narrow": (NARROW_TYPED, "APIDefaultError")}
"""The typed errors of a client, and its class for all others."""


@pytest.mark.parametrize("check", ERRORS)
def test_an_error_has_its_status_and_code(checks: Checks, check: str) -> None:
    error = checks.error(check)

    body = json.loads(error["body"])
    assert (error["status"], body["error"]["code"]) == ERRORS[check]


def test_every_error_is_of_the_clients_own_class_and_has_its_data(checks: Checks, client_name: str) -> None:
    typed, other = CLASSES[client_name]
    errors = checks.errors()

    for operation, error in errors:
        assert error["class"] == typed.get((operation, error["status"]), other), (operation, error)
        assert (error["data"] is None) == (error["class"] == other)
    assert {(operation, error["status"]) for operation, error in errors} >= set(typed)


def test_the_data_of_an_error_is_what_the_body_says(checks: Checks) -> None:
    errors = [error for _, error in checks.errors() if error["data"]]

    for error in errors:
        body, data = json.loads(error["body"]), error["data"]
        if error["class"] == "ErrorResponse":
            assert (data["message"], data["code"]) == (body["error"]["message"], 16)
        else:
            assert data["error"] == {name: body["error"][name] for name in data["error"]}


def test_nothing_else_was_refused(checks: Checks) -> None:
    refused = {check for check, line in checks.lines.items() if "error" in line}

    expected = set(ERRORS) | {check for check in checks.lines if check.startswith("refuse ")}
    assert refused == expected


def test_a_list_has_every_schedule_and_the_newest_first(checks: Checks) -> None:
    created = [schedule["_id"] for schedule in checks.created()]

    listed = [schedule["_id"] for schedule in checks.answer("list")["schedules"]]

    assert listed == sorted(listed, reverse=True)
    assert set(listed) == {*created, checks.given.fired_id, checks.given.interval_id}


def test_an_agent_without_schedules_has_an_empty_list(checks: Checks) -> None:
    assert checks.answer("list of none") == {"schedules": []}


def test_a_schedule_is_retrieved_as_it_was_created(checks: Checks) -> None:
    assert checks.answer("retrieve") == checks.answer("create daily_cron")


def test_an_interval_is_understood(checks: Checks) -> None:
    schedule_read = checks.answer("retrieve an interval")

    assert (schedule_read["type"], schedule_read["expression"]) == ("interval", "@every 6h")


def test_a_once_that_has_fired_is_understood(checks: Checks) -> None:
    fired = checks.answer("retrieve a once that has fired")

    assert (fired["type"], fired["is_active"], fired["trigger_count"]) == ("once", False, 1)
    fire_time = datetime.fromisoformat(fired["expression"].removeprefix("@at "))
    assert datetime.fromisoformat(fired["last_triggered_at"]) >= fire_time


def test_a_changed_expression_begins_a_new_generation(checks: Checks) -> None:
    changed = checks.answer("change cadence")

    assert (changed["expression"], changed["generation"], changed["trigger_count"]) == ("0 0 10 * * *", 2, 0)


def test_a_schedule_is_deactivated_and_reactivated(checks: Checks) -> None:
    inactive, active = checks.answer("deactivate"), checks.answer("reactivate")

    assert (inactive["is_active"], inactive["generation"]) == (False, 2)
    assert (active["is_active"], active["generation"]) == (True, 3)


def test_a_payload_is_replaced_as_a_whole(checks: Checks) -> None:
    changed = checks.answer("replace payload")

    payload = {"input": "Updated input for the next run", "variables": {"region": "APAC"}}
    assert (changed["payload"], changed["generation"]) == (payload, 3)


def test_another_version_is_pinned(checks: Checks) -> None:
    changed = checks.answer("pin another version")

    assert (changed["agent_tag"], changed["generation"]) == ("v1", 3)


def test_a_secret_is_masked_and_its_mask_is_accepted_back(checks: Checks) -> None:
    masked = {"token": {"secret": True, "value": MASK}}

    assert checks.answer("create secret_variable")["payload"]["variables"] == masked
    assert checks.answer("send the mask back")["payload"] == {"input": "Sign in again", "variables": masked}


def test_a_trigger_is_answered_and_leaves_the_schedule_alone(checks: Checks) -> None:
    before = checks.answer("pin another version")

    id_ = before["_id"]
    assert checks.answer("trigger") == {"status": "triggered", "schedule_id": id_}
    assert checks.answer("retrieve after the trigger") == before


def test_a_deleted_schedule_is_gone(checks: Checks) -> None:
    before = checks.answer("list")["schedules"]

    assert checks.answer("delete") is None
    after = checks.answer("list after the delete")["schedules"]
    assert len(after) == len(before) - 1


def test_a_read_only_key_reads(checks: Checks) -> None:
    assert checks.answer("list: read-only key")["schedules"]
    assert checks.answer("retrieve: read-only key")["_id"]
