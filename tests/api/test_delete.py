"""delete-agent-schedule."""

from schedules.models import DiscardReason, Run, RunState, Schedule
from tests.api.caller import Caller, assert_error, document, schedule_path, schedules_path
from tests.api.outsiders import (
    assert_not_for_readers,
    assert_not_under_another_agent,
    assert_only_for_its_workspace,
)
from tests.factories import make_run


def test_a_deleted_schedule_answers_nothing_more(api: Caller, schedule: Schedule) -> None:
    response = api.delete(schedule_path(schedule))

    assert (response.status_code, response.content) == (204, b"")
    assert "Content-Type" not in response.headers
    path = schedule_path(schedule)
    for again in (
        api.get(path),
        api.patch(path, {"is_active": True}),
        api.delete(path),
        api.post(f"{path}/execution"),
        api.get(f"{path}/runs"),
    ):
        assert_error(again, 404, "schedule_not_found")
    assert document(api.get(schedules_path(schedule.agent))) == {"schedules": []}


def test_pending_runs_never_start_and_history_stays(api: Caller, schedule: Schedule) -> None:
    make_run(schedule)
    make_run(schedule, state=RunState.SUCCEEDED)

    api.delete(schedule_path(schedule))

    left = dict(Run.objects.values_list("state", "reason"))
    assert left == {RunState.DISCARDED: DiscardReason.SCHEDULE_DELETED, RunState.SUCCEEDED: ""}


def test_a_body_is_ignored(api: Caller, schedule: Schedule) -> None:
    response = api.send("DELETE", schedule_path(schedule), b"\xff not json", "text/plain")

    assert response.status_code == 204


def test_a_reader_may_not_delete(reader: Caller, schedule: Schedule) -> None:
    assert_not_for_readers(("DELETE", schedule_path(schedule), None), reader)


def test_an_outsider_may_not_delete(
    nobody: Caller, elsewhere: Caller, api: Caller, schedule: Schedule
) -> None:
    call = ("DELETE", schedule_path(schedule), None)

    assert_only_for_its_workspace(call, nobody=nobody, elsewhere=elsewhere)
    assert_not_under_another_agent(call, schedule, api)
