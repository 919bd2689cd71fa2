"""Quotas of a workspace: create, a payload that grows and run now are refused beyond them; a firing never is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from schedules.database.clock import database_now
from schedules.models import Agent, Run, RunState, Schedule
from schedules.secrets import payloads
from tests.api.caller import Caller, assert_error, document, schedule_path, schedules_path
from tests.factories import NOON, make_agent, make_schedule, make_token
from tests.firing import fire

NEW: dict[str, Any] = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hello"}}
SetQuota = Callable[..., None]


@pytest.fixture
def quota(settings: Settings) -> SetQuota:
    """Sets quotas: `schedules=…`, `payload_bytes=…`, `pending_runs=…`."""

    def quota(**quotas: int) -> None:
        settings.ORQ = settings.ORQ.model_copy(
            update={f"quota_{name}": value for name, value in quotas.items()}
            | {"rate_trigger_per_schedule": 0}
        )

    return quota


def test_a_workspace_has_so_many_schedules(
    api: Caller, agent: Agent, quota: SetQuota, django_capture_on_commit_callbacks: Any
) -> None:
    quota(schedules=2)
    make_schedule(make_agent(agent.workspace, key="other"))
    made = document(api.post(schedules_path(agent), NEW), 201)

    message = assert_error(api.post(schedules_path(agent), NEW), 403, "quota_exceeded")

    assert "2 schedules" in message
    assert Schedule.objects.count() == 2
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete(f"{schedules_path(agent)}/{made['_id']}").status_code == 204
    document(api.post(schedules_path(agent), NEW), 201)


def test_another_workspace_has_its_own(agent: Agent, api: Caller, quota: SetQuota) -> None:
    quota(schedules=1)
    document(api.post(schedules_path(agent), NEW), 201)
    elsewhere = make_agent()

    document(Caller(make_token(elsewhere.workspace)).post(schedules_path(elsewhere), NEW), 201)


def test_payloads_have_so_many_bytes_together(api: Caller, agent: Agent, quota: SetQuota) -> None:
    size = payloads.size(NEW["payload"])
    quota(payload_bytes=3 * size)
    schedule = document(api.post(schedules_path(agent), NEW), 201)
    document(api.post(schedules_path(agent), NEW), 201)
    path = f"{schedules_path(agent)}/{schedule['_id']}"

    longer = {"payload": {"input": "Hello" + "!" * (size + 1)}}
    assert_error(api.patch(path, longer), 403, "quota_exceeded")
    document(api.patch(path, {"payload": {"input": "Hello" + "!" * size}}))
    assert_error(api.post(schedules_path(agent), NEW), 403, "quota_exceeded")
    document(api.patch(path, {"payload": {"input": "Hi"}}))
    document(api.patch(path, {"display_name": "named"}))

    assert document(api.get(path))["payload"] == {"input": "Hi"}


def test_a_pause_of_a_schedule_in_a_full_workspace_is_no_growth(
    api: Caller, agent: Agent, quota: SetQuota
) -> None:
    schedule = make_schedule(agent)
    quota(schedules=1, payload_bytes=1)

    document(api.patch(schedule_path(schedule), {"is_active": False}))
    document(api.patch(schedule_path(schedule), {"is_active": True}))


def test_an_agent_may_have_quotas_of_its_own(
    api: Caller, agent: Agent, quota: SetQuota, django_capture_on_commit_callbacks: Any
) -> None:
    quota(agent_schedules=1, agent_pending_runs=1)
    neighbour = make_agent(agent.workspace, key="neighbour")
    made = document(api.post(schedules_path(agent), NEW), 201)
    path = f"{schedules_path(agent)}/{made['_id']}"

    message = assert_error(api.post(schedules_path(agent), NEW), 403, "quota_exceeded")
    document(api.post(f"{path}/execution"), 202)
    pending = assert_error(api.post(f"{path}/execution"), 403, "quota_exceeded")

    assert "agent may have 1 schedules" in message
    assert "agent has 1 runs pending" in pending
    theirs = document(api.post(schedules_path(neighbour), NEW), 201)
    document(api.post(f"{schedules_path(neighbour)}/{theirs['_id']}/execution"), 202)
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete(path).status_code == 204
    document(api.post(schedules_path(agent), NEW), 201)


def test_the_payloads_of_an_agent_have_so_many_bytes_together(
    api: Caller, agent: Agent, quota: SetQuota
) -> None:
    quota(agent_payload_bytes=payloads.size(NEW["payload"]))
    made = document(api.post(schedules_path(agent), NEW), 201)
    path = f"{schedules_path(agent)}/{made['_id']}"

    assert_error(api.patch(path, {"payload": {"input": "Hello!"}}), 403, "quota_exceeded")

    assert document(api.get(path))["payload"] == NEW["payload"]


def test_so_many_manual_runs_may_wait(api: Caller, schedule: Schedule, quota: SetQuota) -> None:
    quota(pending_runs=2)
    for _ in range(2):
        document(api.post(f"{schedule_path(schedule)}/execution"), 202)

    message = assert_error(api.post(f"{schedule_path(schedule)}/execution"), 403, "quota_exceeded")

    assert "2 runs pending" in message
    assert Run.objects.count() == 2


def test_what_has_started_waits_no_more(
    api: Caller, schedule: Schedule, quota: SetQuota, monkeypatch: pytest.MonkeyPatch
) -> None:
    quota(pending_runs=1)
    document(api.post(f"{schedule_path(schedule)}/execution"), 202)
    Run.objects.update(state=RunState.SUCCEEDED)
    monkeypatch.setattr("schedules.limits.counts.FULL_SECONDS", 0.0)
    monkeypatch.setattr("schedules.limits.counts.FAR_SECONDS", 0.0)
    monkeypatch.setattr("schedules.limits.counts.NEAR_SECONDS", 0.0)

    document(api.post(f"{schedule_path(schedule)}/execution"), 202)


def test_a_firing_is_never_refused(agent: Agent, quota: SetQuota) -> None:
    make_schedule(agent, NOON, expression="0 0 13 * * *")
    quota(schedules=1, payload_bytes=1, pending_runs=1)

    assert fire(database_now(), 10) == 1


def test_zero_is_no_quota(api: Caller, agent: Agent, quota: SetQuota) -> None:
    quota(schedules=0, payload_bytes=0, pending_runs=0)

    made = document(api.post(schedules_path(agent), NEW), 201)
    document(api.post(f"{schedules_path(agent)}/{made['_id']}/execution"), 202)


def test_counting_is_not_repeated(api: Caller, agent: Agent) -> None:
    with CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            made = document(api.post(schedules_path(agent), NEW), 201)
            document(api.post(f"{schedules_path(agent)}/{made['_id']}/execution"), 202)

    assert sum("COUNT(" in str(query["sql"]) for query in queries) == 2


def test_the_stored_length_follows_the_payload(api: Caller, agent: Agent) -> None:
    made = document(api.post(schedules_path(agent), NEW | {"payload": {"input": "ä" * 50}}), 201)
    schedule = Schedule.objects.get(id=made["_id"])
    assert schedule.payload_bytes == payloads.size(schedule.payload) == len('{"input":""}') + 100

    document(api.patch(f"{schedules_path(agent)}/{schedule.id}", {"payload": {"input": "shorter"}}))

    schedule.refresh_from_db()
    assert schedule.payload_bytes == len('{"input":"shorter"}')
