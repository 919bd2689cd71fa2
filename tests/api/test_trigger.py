"""trigger-agent-schedule."""

from datetime import timedelta

import pytest
import redis

from schedules import editing
from schedules.database.clock import database_now
from schedules.messages import dispatch
from schedules.models import Run, RunState, Schedule, TriggerKind
from tests.api.caller import Caller, assert_error, document, everything, schedule_path
from tests.api.outsiders import (
    assert_not_for_readers,
    assert_not_under_another_agent,
    assert_only_for_its_workspace,
)
from tests.factories import NOON, make_agent, make_schedule, make_token
from tests.messages import queued


def test_a_trigger_is_one_run_ten_seconds_later(api: Caller, schedule: Schedule) -> None:
    before = database_now()

    response = api.post(f"{schedule_path(schedule)}/execution")

    assert document(response, 202) == {"status": "triggered", "schedule_id": schedule.id}
    run = Run.objects.get()
    assert (run.schedule_id, run.generation) == (schedule.id, 1)
    assert (run.trigger, run.state, run.fire_time) == (TriggerKind.MANUAL, RunState.PENDING, None)
    assert before + timedelta(seconds=10) <= run.not_before <= database_now() + timedelta(seconds=10)


def test_a_trigger_leaves_the_schedule_alone(api: Caller, schedule: Schedule) -> None:
    before = document(api.get(schedule_path(schedule)))

    api.post(f"{schedule_path(schedule)}/execution")

    assert document(api.get(schedule_path(schedule))) == before


def test_two_triggers_are_two_runs(api: Caller, schedule: Schedule) -> None:
    for _ in range(2):
        assert api.post(f"{schedule_path(schedule)}/execution").status_code == 202

    assert Run.objects.filter(state=RunState.PENDING).count() == 2


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "multipart/form-data", "", "\x7f;;="]
)
def test_a_body_is_ignored(api: Caller, schedule: Schedule, content_type: str) -> None:
    response = api.send("POST", f"{schedule_path(schedule)}/execution", b"\xff{not json", content_type)

    assert document(response, 202)["status"] == "triggered"


def test_an_inactive_schedule_is_refused(api: Caller, schedule: Schedule) -> None:
    editing.update(schedule.id, {"is_active": False}, "apk_test", NOON)
    before = everything()

    message = assert_error(api.post(f"{schedule_path(schedule)}/execution"), 400, "schedule_inactive")

    assert message == "Cannot trigger an inactive schedule"
    assert everything() == before


def test_a_reader_may_not_trigger(reader: Caller, schedule: Schedule) -> None:
    assert_not_for_readers(("POST", f"{schedule_path(schedule)}/execution", None), reader)


def test_an_outsider_may_not_trigger(
    nobody: Caller, elsewhere: Caller, api: Caller, schedule: Schedule
) -> None:
    call = ("POST", f"{schedule_path(schedule)}/execution", None)

    assert_only_for_its_workspace(call, nobody=nobody, elsewhere=elsewhere)
    assert_not_under_another_agent(call, schedule, api)


@pytest.mark.django_db(transaction=True)
def test_the_message_leaves_after_the_commit(valkey: redis.Redis) -> None:
    agent = make_agent()
    schedule = make_schedule(agent)
    api = Caller(make_token(agent.workspace))

    document(api.post(f"{schedule_path(schedule)}/execution"), 202)

    run = Run.objects.get()
    assert queued(valkey) == [(dispatch.EXECUTE_RUN, [run.id, run.generation])]
