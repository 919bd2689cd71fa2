"""retry-agent-schedule-run."""

from datetime import timedelta

import pytest

from schedules import editing
from schedules.models import Run, RunState, Schedule
from tests.api.caller import Caller, assert_error, document, everything, run_path, schedule_path
from tests.api.outsiders import (
    assert_not_for_readers,
    assert_not_under_another_agent,
    assert_only_for_its_workspace,
)
from tests.factories import NOON, make_agent, make_run, make_token


@pytest.fixture
def failed(schedule: Schedule) -> Run:
    """A run of the schedule that may be run again."""
    return make_run(schedule, state=RunState.FAILED, payload={"input": "as it was"}, trace_id="a" * 32)


def test_the_new_run_and_the_old_one_name_each_other(api: Caller, failed: Run) -> None:
    new = document(api.post(f"{run_path(failed)}/retry"), 202)

    run = Run.objects.get(id=new["_id"])
    assert (run.payload, run.state, run.again_of) == ({"input": "as it was"}, RunState.PENDING, failed.id)
    assert run.not_before - run.created_at == timedelta(seconds=10)
    assert new["retry_of"] == failed.id
    assert "retried_by" not in new
    assert document(api.get(run_path(run))) == new
    assert document(api.get(run_path(failed)))["retried_by"] == new["_id"]
    listed = {
        each["_id"]: each for each in document(api.get(f"{schedule_path(failed.schedule)}/runs"))["runs"]
    }
    assert listed[failed.id]["retried_by"] == new["_id"]
    assert listed[new["_id"]]["retry_of"] == failed.id


def test_the_newest_of_several_repetitions_is_named(api: Caller, failed: Run) -> None:
    ids = []
    for _ in range(2):
        ids.append(document(api.post(f"{run_path(failed)}/retry"), 202)["_id"])
        Run.objects.filter(id=ids[-1]).update(state=RunState.FAILED)

    assert document(api.get(run_path(failed)))["retried_by"] == ids[1]


@pytest.mark.parametrize("state", [RunState.PENDING, RunState.SUCCEEDED])
def test_only_an_unsuccessful_run_is_run_again(api: Caller, schedule: Schedule, state: RunState) -> None:
    run = make_run(schedule, state=state)
    before = everything()

    assert_error(api.post(f"{run_path(run)}/retry"), 400, "run_not_retryable")

    assert everything() == before


def test_it_is_refused_while_a_repetition_is_open(api: Caller, failed: Run) -> None:
    first = document(api.post(f"{run_path(failed)}/retry"), 202)

    message = assert_error(api.post(f"{run_path(failed)}/retry"), 400, "run_not_retryable")

    assert first["_id"] in message
    assert Run.objects.count() == 2


def test_a_paused_schedule_is_not_run_again(api: Caller, failed: Run) -> None:
    editing.update(failed.schedule_id, {"is_active": False}, "apk_x", NOON)

    assert_error(api.post(f"{run_path(failed)}/retry"), 400, "schedule_inactive")


def test_a_repeated_request_has_one_effect(api: Caller, failed: Run) -> None:
    path = f"{run_path(failed)}/retry"

    answers = [api.send("POST", path, b"", "", **{"Idempotency-Key": "once"}) for _ in range(2)]

    assert document(answers[0], 202) == document(answers[1], 202)
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert Run.objects.count() == 2


def test_a_body_is_refused_after_what_is_not_found(api: Caller, failed: Run) -> None:
    missing = f"{schedule_path(failed.schedule)}/runs/01KPN29WWKSK0VDPJNTKZPVNRB/retry"

    assert_error(api.post(f"{run_path(failed)}/retry", {"input": "x"}), 400, "invalid_request_body")
    for headers in ({}, {"Idempotency-Key": "once"}):
        answer = api.send("POST", missing, b"[1]", "application/json", **headers)
        assert_error(answer, 404, "run_not_found")


def test_a_reader_may_not(reader: Caller, failed: Run) -> None:
    assert_not_for_readers(("POST", f"{run_path(failed)}/retry", None), reader)


def test_an_outsider_may_not(nobody: Caller, elsewhere: Caller, api: Caller, failed: Run) -> None:
    call = ("POST", f"{run_path(failed)}/retry", None)

    assert_only_for_its_workspace(call, nobody=nobody, elsewhere=elsewhere)
    assert_not_under_another_agent(call, failed.schedule, api)


def test_a_key_that_is_limited_to_other_agents_does_not_get_anothers_answer(api: Caller, failed: Run) -> None:
    path, workspace = f"{run_path(failed)}/retry", failed.schedule.workspace
    api.send("POST", path, b"", "", **{"Idempotency-Key": "once"})
    limited = Caller(make_token(workspace, agents=[make_agent(workspace, key="other")]))

    answer = limited.send("POST", path, b"", "", **{"Idempotency-Key": "once"})

    assert_error(answer, 404, "schedule_not_found")
