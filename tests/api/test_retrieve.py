"""retrieve-agent-schedule."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from schedules import editing
from schedules.database.choice import is_postgresql
from schedules.models import Agent, Schedule
from schedules.runs import claiming
from schedules.triggering import run_now
from tests.api.caller import DOCUMENT, Caller, assert_error, document, schedule_path, schedules_path
from tests.api.outsiders import assert_not_under_another_agent, assert_only_for_its_workspace
from tests.factories import NOON, make_schedule


def test_a_schedule_is_shown_as_documented(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(agent)

    assert document(api.get(schedule_path(schedule))) == {
        "_id": schedule.id,
        "workspace_id": str(agent.workspace_id),
        "agent_key": "digest",
        "type": "cron",
        "expression": "0 0 9 * * *",
        "is_active": True,
        "generation": 1,
        "payload": {"input": "Hello"},
        "created_by_id": "apk_test",
        "created": "2026-06-01T12:00:00Z",
        "updated": "2026-06-01T12:00:00Z",
        "next_fire_at": "2026-06-02T09:00:00Z",
        "trigger_count": 0,
    }


def test_optionals_show_when_they_are_set(api: Caller, agent: Agent) -> None:
    schedule = make_schedule(agent, agent_tag="v1")
    run = run_now.trigger(schedule.id, NOON)
    started_at = NOON + timedelta(seconds=10, microseconds=5)
    claiming.claim(run.id, run.generation, "worker", started_at, timedelta(seconds=15))
    editing.update(schedule.id, {"display_name": ""}, "apk_other", NOON + timedelta(hours=1))

    shown = document(api.get(schedule_path(schedule)))

    assert set(shown) == DOCUMENT | {"agent_tag", "display_name", "last_triggered_at", "updated_by_id"}
    assert (shown["agent_tag"], shown["display_name"], shown["updated_by_id"]) == ("v1", "", "apk_other")
    assert (shown["created"], shown["updated"]) == ("2026-06-01T12:00:00Z", "2026-06-01T13:00:00Z")
    assert shown["last_triggered_at"] == "2026-06-01T12:00:10.000005Z"


def test_an_inactive_schedule_has_no_next_fire(api: Caller, schedule: Schedule) -> None:
    editing.update(schedule.id, {"is_active": False}, "apk_test", NOON)

    shown = document(api.get(schedule_path(schedule)))

    assert set(shown) == DOCUMENT - {"next_fire_at"} | {"updated_by_id", "pause"}
    assert shown["is_active"] is False


@pytest.mark.usefixtures("standing_clock")
def test_a_read_costs_one_query_and_on_sqlite_one_more_for_holds(
    api: Caller, schedule: Schedule, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    api.get(schedule_path(schedule))  # reads the key and notes its use

    with django_assert_num_queries(1 if is_postgresql() else 2):
        document(api.get(schedule_path(schedule)))


def test_head_answers_like_get_without_a_body(api: Caller, schedule: Schedule) -> None:
    response = api.call("HEAD", schedule_path(schedule))

    assert (response.status_code, response.content) == (200, b"")


def test_a_reader_may_read(reader: Caller, schedule: Schedule) -> None:
    assert document(reader.get(schedule_path(schedule)))["_id"] == schedule.id


def test_a_deleted_schedule_is_not_found(api: Caller, schedule: Schedule) -> None:
    editing.delete(schedule.id, "apk_test", NOON)

    assert assert_error(api.get(schedule_path(schedule)), 404, "schedule_not_found") == "Schedule not found"


def test_an_outsider_may_not_read(nobody: Caller, elsewhere: Caller, api: Caller, schedule: Schedule) -> None:
    call = ("GET", schedule_path(schedule), None)

    assert_only_for_its_workspace(call, nobody=nobody, elsewhere=elsewhere)
    assert_not_under_another_agent(call, schedule, api)


@pytest.mark.parametrize(
    "schedule_id",
    [
        "x",
        "01KPN29WWKSK0VDPJNTKZPVNRB",
        "01KPN29WWKSK0VDPJNTKZPVNRB%00",
        "%00",
        "%FF",
        "%ED%A0%80",
        "..",
        "a" * 5000,
    ],
)
def test_an_unknown_id_is_not_found(api: Caller, agent: Agent, schedule_id: str) -> None:
    assert_error(api.get(f"{schedules_path(agent)}/{schedule_id}"), 404, "schedule_not_found")


def test_an_id_is_exact(api: Caller, schedule: Schedule) -> None:
    lower_case = f"{schedules_path(schedule.agent)}/{schedule.id.lower()}"

    assert_error(api.get(lower_case), 404, "schedule_not_found")
    assert_error(api.get(f"/v3/agents/digest%00/schedules/{schedule.id}"), 404, "schedule_not_found")
