"""The contract's table of generation, counters and activity, row by row, as a client sees it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from schedules.database.clock import database_now
from schedules.models import Agent, DiscardReason, NextFire, Run, RunState, Schedule
from schedules.runs import claiming
from schedules.runs.claimed import Claimed
from schedules.triggering import run_now
from tests.api.caller import Caller, assert_error, document, everything, schedules_path
from tests.firing import fire

LEASE = timedelta(seconds=15)
HOURLY = {"type": "interval", "expression": "@every 1h", "payload": {"input": "Hello"}}


@pytest.fixture
def path(api: Caller, agent: Agent) -> str:
    """An hourly schedule, made half an hour ago, that has started twice and has a third run pending."""
    created = document(api.post(schedules_path(agent), HOURLY), 201)
    for _ in range(2):
        _start(run_now.trigger(created["_id"], database_now()))
    run_now.trigger(created["_id"], database_now())
    half_an_hour = timedelta(minutes=30)
    Schedule.objects.update(anchor_at=F("anchor_at") - half_an_hour)
    NextFire.objects.update(fire_time=F("fire_time") - half_an_hour)
    return f"{schedules_path(agent)}/{created['_id']}"


def _start(run: Run) -> None:
    claimed = claiming.claim(run.id, run.generation, "worker", run.not_before, LEASE)
    assert isinstance(claimed, Claimed)


def _changes(api: Caller, path: str, body: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What a PATCH changes in the document: before and after of every field that is not the same."""
    before = document(api.get(path))
    after = document(api.patch(path, body))
    fields = set(before) | set(after)
    changed = {name: (before.get(name), after.get(name)) for name in fields}
    return {name: both for name, both in changed.items() if both[0] != both[1]}


NOTED = {"updated", "updated_by_id"}


def test_create(api: Caller, agent: Agent) -> None:
    created = document(api.post(schedules_path(agent), HOURLY), 201)

    assert (created["generation"], created["trigger_count"], created["is_active"]) == (1, 0, True)
    assert "last_triggered_at" not in created


@pytest.mark.parametrize(
    "body",
    [
        {"expression": "@every 2h"},
        {"type": "cron", "expression": "@daily"},
        HOURLY | {"expression": "@every 60m"},
    ],
)
def test_a_new_cadence(api: Caller, path: str, body: dict[str, Any]) -> None:
    changed = _changes(api, path, body)

    assert changed["generation"] == (1, 2)
    assert changed["trigger_count"] == (2, 0)
    assert set(changed) >= NOTED | {"expression"}
    assert "last_triggered_at" not in changed


def test_a_new_cadence_begins_now(api: Caller, path: str) -> None:
    api.patch(path, {"expression": "@every 2h"})

    schedule = Schedule.objects.get()
    assert schedule.next_fire_at is not None
    assert abs(schedule.next_fire_at - schedule.updated_at - timedelta(hours=2)) <= timedelta(seconds=0.5)


def test_a_run_of_the_cadence_before_is_stale(api: Caller, path: str) -> None:
    pending = Run.objects.get(state=RunState.PENDING)

    api.patch(path, {"expression": "@every 2h"})

    refused = claiming.claim(pending.id, pending.generation, "worker", pending.not_before, LEASE)
    assert refused == claiming.NotClaimed.DISCARDED
    assert document(api.get(f"{path}/runs/{pending.id}"))["reason"] == DiscardReason.STALE_GENERATION


@pytest.mark.parametrize(
    "body",
    [{"expression": "@every 1h"}, {"type": "interval"}, HOURLY, {"is_active": True}, {"display_name": None}],
)
def test_a_stored_value_repeated(api: Caller, path: str, body: dict[str, Any]) -> None:
    api.patch(path, {"payload": HOURLY["payload"]})

    assert set(_changes(api, path, body)) == {"updated"}


@pytest.mark.parametrize(
    "body", [{"payload": {"input": "New"}}, {"agent_tag": "v1"}, {"display_name": "Morning"}]
)
def test_content_only(api: Caller, path: str, body: dict[str, Any]) -> None:
    assert set(_changes(api, path, body)) == NOTED | set(body)

    pending = Run.objects.get(state=RunState.PENDING)
    _start(pending)
    pending.refresh_from_db()
    assert pending.payload == body.get("payload", HOURLY["payload"])
    assert pending.agent_tag == body.get("agent_tag")


def test_pausing(api: Caller, path: str) -> None:
    changed = _changes(api, path, {"is_active": False})

    assert set(changed) == NOTED | {"is_active", "next_fire_at", "pause"}
    assert changed["next_fire_at"][1] is None
    states = [run["state"] for run in document(api.get(f"{path}/runs"))["runs"]]
    assert sorted(states) == ["discarded", "running", "running"]
    assert_error(api.post(f"{path}/execution"), 400, "schedule_inactive")


def test_resuming(api: Caller, path: str) -> None:
    api.patch(path, {"is_active": False})

    changed = _changes(api, path, {"is_active": True})

    assert set(changed) == {"updated", "is_active", "generation", "next_fire_at", "pause"}
    assert changed["generation"] == (1, 2)
    schedule = Schedule.objects.get()
    assert schedule.trigger_count == 2
    assert schedule.next_fire_at is not None
    assert abs(schedule.next_fire_at - schedule.updated_at - timedelta(hours=1)) <= timedelta(seconds=0.5)


def test_a_new_cadence_while_paused(api: Caller, path: str) -> None:
    api.patch(path, {"is_active": False})

    changed = _changes(api, path, {"expression": "@every 2h"})

    assert set(changed) == {"updated", "expression", "generation", "trigger_count"}


def test_a_run_starts(api: Caller, path: str) -> None:
    before = document(api.get(path))
    pending = Run.objects.get(state=RunState.PENDING)

    _start(pending)

    after = document(api.get(path))
    assert after == before | {"trigger_count": 3, "last_triggered_at": after["last_triggered_at"]}
    assert Schedule.objects.get().last_triggered_at == pending.not_before


@pytest.fixture
def fired_once(api: Caller, agent: Agent) -> str:
    """A once schedule that has fired; its run is pending."""
    instant = database_now().replace(microsecond=0) + timedelta(hours=1)
    once = HOURLY | {"type": "once", "expression": f"@at {instant:%Y-%m-%dT%H:%M:%SZ}"}
    created = document(api.post(schedules_path(agent), once), 201)
    assert fire(instant, limit=10) == 1
    Schedule.objects.update(expression=f"@at {instant - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}")
    return f"{schedules_path(agent)}/{created['_id']}"


def test_a_once_fires(api: Caller, fired_once: str) -> None:
    shown = document(api.get(fired_once))
    assert (shown["is_active"], shown["generation"], shown["trigger_count"]) == (False, 1, 0)
    assert "next_fire_at" not in shown

    _start(Run.objects.get())

    shown = document(api.get(fired_once))
    assert (shown["is_active"], shown["generation"], shown["trigger_count"]) == (False, 1, 1)


def test_a_fired_once_cannot_be_resumed_as_it_is(api: Caller, fired_once: str) -> None:
    before = everything()

    assert_error(api.patch(fired_once, {"is_active": True}), 400, "invalid_expression", "expression")

    assert everything() == before


def test_a_fired_once_is_resumed_with_a_new_instant(api: Caller, fired_once: str) -> None:
    body = {"is_active": True, "expression": "@at 2099-05-01T09:00:00Z"}

    changed = _changes(api, fired_once, body)

    assert changed["generation"] == (1, 2)
    assert changed["next_fire_at"] == (None, "2099-05-01T09:00:00Z")


def test_delete(api: Caller, path: str) -> None:
    api.delete(path)

    pending = Run.objects.get(state=RunState.DISCARDED)
    assert pending.reason == DiscardReason.SCHEDULE_DELETED
    assert Run.objects.count() == 3
