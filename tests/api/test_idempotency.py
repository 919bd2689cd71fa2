"""Idempotency-Key: what is sent twice is done once and answered twice alike."""

import json
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.http import HttpResponse

from schedules import editing, idempotency, retention
from schedules.database.clock import database_now
from schedules.models import Agent, IdempotencyRecord, Run, Schedule, Scope
from tests.api.caller import Caller, assert_error, document, everything, schedule_path, schedules_path
from tests.factories import NOON, make_agent, make_schedule, make_token
from tests.messages import queued

NEW: dict[str, Any] = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hello"}}
KEY = "7f6c2d1e-order-41"
DAY = timedelta(hours=24)


def create(api: Caller, agent: Agent, body: Any = NEW, key: str = KEY) -> HttpResponse:
    """A create under a key."""
    raw = json.dumps(body).encode()
    return api.send("POST", schedules_path(agent), raw, "application/json", **{"Idempotency-Key": key})


def trigger(api: Caller, schedule: Schedule, key: str = KEY, raw: bytes = b"") -> HttpResponse:
    """A trigger under a key."""
    path = f"{schedule_path(schedule)}/execution"
    return api.send("POST", path, raw, "application/json", **{"Idempotency-Key": key})


def assert_replayed(again: HttpResponse, first: HttpResponse) -> None:
    """The same answer, marked as a repetition."""
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.get("ETag") == first.get("ETag")
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first


def grow_older(age: timedelta) -> None:
    """All that is remembered was answered so long before."""
    for record in IdempotencyRecord.objects.all():
        IdempotencyRecord.objects.filter(id=record.id).update(created_at=record.created_at - age)


def test_a_repeated_create_makes_one_schedule(api: Caller, agent: Agent) -> None:
    body = NEW | {"payload": {"input": "Hi", "metadata": {"z": 2**70, "a": 1.50, "b": "☃"}}}
    first = create(api, agent, body)
    document(first, 201)
    before = everything()

    for _ in range(2):
        assert_replayed(create(api, agent, body), first)

    assert everything() == before
    assert len(before) == 1


def test_the_answer_is_the_first_one_whatever_became_of_the_schedule(api: Caller, agent: Agent) -> None:
    first = create(api, agent)
    schedule_id = document(first, 201)["_id"]
    editing.update(schedule_id, {"display_name": "changed"}, "apk_x", NOON)
    assert_replayed(create(api, agent), first)

    editing.delete(schedule_id, "apk_x", NOON)

    assert_replayed(create(api, agent), first)


def test_a_repeated_trigger_makes_one_run(api: Caller, schedule: Schedule) -> None:
    first = trigger(api, schedule)

    assert_replayed(trigger(api, schedule), first)

    assert document(first, 202) == {"status": "triggered", "schedule_id": schedule.id}
    assert Run.objects.count() == 1


def test_a_body_that_says_nothing_is_the_same_request(api: Caller, schedule: Schedule) -> None:
    first = trigger(api, schedule)

    for raw in (b"{}", b"null", b" { } "):
        assert_replayed(trigger(api, schedule, raw=raw), first)

    assert Run.objects.count() == 1


def test_another_key_and_none_are_requests_of_their_own(api: Caller, schedule: Schedule) -> None:
    for key in (KEY, KEY.upper(), "other"):
        assert trigger(api, schedule, key).status_code == 202
    api.post(f"{schedule_path(schedule)}/execution")

    assert Run.objects.count() == 4


def test_the_order_of_names_and_the_blanks_make_no_other_body(api: Caller, agent: Agent) -> None:
    first = create(api, agent)
    turned = json.dumps(dict(reversed(NEW.items())), indent=2).encode()

    again = api.send("POST", schedules_path(agent), turned, "application/json", **{"Idempotency-Key": KEY})

    assert_replayed(again, first)


@pytest.mark.parametrize(
    "other",
    [
        NEW | {"expression": "0 0 10 * * *"},
        NEW | {"display_name": None},
        NEW | {"payload": {"input": "Hello", "metadata": {}}},
    ],
)
def test_the_key_for_another_body_is_refused(api: Caller, agent: Agent, other: Any) -> None:
    first = create(api, agent)
    before = everything()

    assert_error(create(api, agent, other), 409, "idempotency_key_reused")

    assert everything() == before
    assert_replayed(create(api, agent), first)


def test_values_that_only_look_alike_are_another_body(api: Caller, agent: Agent) -> None:
    bodies = [
        NEW | {"payload": {"input": "Hi", "metadata": {"n": value}}} for value in (1, 1.0, True, "1", [1])
    ]
    create(api, agent, bodies[0])

    for other in bodies[1:]:
        assert_error(create(api, agent, other), 409, "idempotency_key_reused")


def test_the_key_for_another_path_or_operation_is_refused(api: Caller, schedule: Schedule) -> None:
    trigger(api, schedule)
    before = everything()

    assert_error(trigger(api, make_schedule(schedule.agent)), 409, "idempotency_key_reused")
    assert_error(create(api, schedule.agent), 409, "idempotency_key_reused")
    assert_error(trigger(api, schedule, raw=b'{"input": "x"}'), 400, "invalid_request_body")

    assert Run.objects.count() == 1
    assert len(everything()) == len(before) + 1


def test_every_workspace_has_its_own_keys(api: Caller, elsewhere: Caller, agent: Agent) -> None:
    ours, theirs = (create(caller, agent) for caller in (api, elsewhere))

    assert document(ours, 201)["workspace_id"] != document(theirs, 201)["workspace_id"]
    assert_replayed(create(api, agent), ours)
    assert_replayed(create(elsewhere, agent), theirs)


def test_keys_of_one_workspace_share_what_is_remembered(api: Caller, agent: Agent) -> None:
    first = create(api, agent)

    assert_replayed(create(Caller(make_token(agent.workspace)), agent), first)


def test_a_repetition_needs_the_right_to_make_the_request(
    api: Caller, reader: Caller, nobody: Caller, schedule: Schedule
) -> None:
    trigger(api, schedule)

    assert_error(trigger(reader, schedule), 403, "insufficient_scope")
    assert_error(trigger(nobody, schedule), 401, "authentication_required")


def test_a_refusal_is_not_remembered(api: Caller, schedule: Schedule) -> None:
    editing.update(schedule.id, {"is_active": False}, "apk_x", NOON)
    assert_error(trigger(api, schedule), 400, "schedule_inactive")
    assert_error(
        create(api, schedule.agent, NEW | {"expression": "x"}), 400, "invalid_expression", "expression"
    )
    assert not IdempotencyRecord.objects.exists()
    editing.update(schedule.id, {"is_active": True}, "apk_x", NOON)

    response = trigger(api, schedule)

    assert document(response, 202)
    assert "Idempotency-Replayed" not in response


def test_an_unexpected_failure_leaves_neither_effect_nor_memory(api: Caller, schedule: Schedule) -> None:
    def fail_late(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("UPDATE") and "idempotencyrecord" in sql:
            raise ZeroDivisionError
        return execute(sql, *arguments)

    with connection.execute_wrapper(fail_late):
        assert_error(trigger(api, schedule), 500, "internal_error")

    assert not Run.objects.exists()
    assert not IdempotencyRecord.objects.exists()
    document(trigger(api, schedule), 202)


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "a\tb", "\x7f", "x" * 256, "a\x00b", "☃"])
def test_a_malformed_key_is_refused(api: Caller, schedule: Schedule, key: str) -> None:
    before = everything()

    for response in (create(api, schedule.agent, key=key), trigger(api, schedule, key)):
        assert_error(response, 400, "invalid_request_body", "Idempotency-Key")

    assert everything() == before


@pytest.mark.parametrize("key", ["x", "x" * 255, '"quoted"', "~!{}%00'--"])
def test_any_visible_ascii_is_a_key(api: Caller, schedule: Schedule, key: str) -> None:
    first = trigger(api, schedule, key)

    assert_replayed(trigger(api, schedule, key), first)


def test_the_body_of_a_trigger_under_a_key_has_the_usual_bound(api: Caller, schedule: Schedule) -> None:
    assert_error(trigger(api, schedule, raw=b"x" * 300_000), 413, "payload_too_large")


def test_other_operations_take_no_notice_of_a_key(api: Caller, schedule: Schedule) -> None:
    for name in ("one", "two"):
        raw = json.dumps({"display_name": name}).encode()
        path = schedule_path(schedule)
        response = api.send("PATCH", path, raw, "application/json", **{"Idempotency-Key": "a b"})
        assert document(response)["display_name"] == name


def test_an_answer_is_given_for_a_day(api: Caller, schedule: Schedule) -> None:
    first = trigger(api, schedule)
    grow_older(DAY - timedelta(minutes=1))
    assert_replayed(trigger(api, schedule), first)

    grow_older(timedelta(minutes=1))

    assert "Idempotency-Replayed" not in trigger(api, schedule)
    assert Run.objects.count() == 2


def test_an_expired_key_is_free_for_another_request(api: Caller, schedule: Schedule) -> None:
    trigger(api, schedule)
    grow_older(DAY)

    created = create(api, schedule.agent)

    document(created, 201)
    assert_replayed(create(api, schedule.agent), created)


def test_expired_answers_are_pruned_and_no_others(
    api: Caller, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_BATCH", 2)
    for number in range(5):
        trigger(api, schedule, f"old-{number}")
    grow_older(DAY)
    trigger(api, schedule, "young")

    retention.prune(database_now(), timedelta(days=30))

    assert [record.key for record in IdempotencyRecord.objects.all()] == ["young"]


def test_nothing_that_is_secret_is_remembered(api: Caller, agent: Agent) -> None:
    secret = {"secret": True, "value": "hunter2"}
    first = create(api, agent, NEW | {"payload": {"input": "Hi", "variables": {"token": secret}}})

    [record] = IdempotencyRecord.objects.values()

    assert first.status_code == 201
    assert "hunter2" not in repr(record)


def test_a_workspace_can_be_deleted_with_what_is_remembered(api: Caller, agent: Agent) -> None:
    create(api, agent)
    Schedule.objects.all().delete()
    agent.delete()

    agent.workspace.delete()

    assert not IdempotencyRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_message_leaves_after_the_commit(valkey: redis.Redis) -> None:
    agent = make_agent()
    schedule = make_schedule(agent)
    api = Caller(make_token(agent.workspace, Scope.WRITE))

    for _ in range(3):
        document(trigger(api, schedule), 202)

    run = Run.objects.get()
    assert [arguments for _, arguments in queued(valkey)] == [[run.id, run.generation]]
