"""cancel-agent-schedule-run."""

import pytest

from schedules.models import RunState, Schedule
from tests.api.caller import Caller, assert_error, document, everything, run_path, schedule_path
from tests.api.outsiders import (
    assert_not_for_readers,
    assert_not_under_another_agent,
    assert_only_for_its_workspace,
)
from tests.factories import NOON, make_run


@pytest.mark.parametrize(
    "running", [{}, {"state": RunState.RUNNING, "lease_expires_at": NOON, "started_at": NOON}]
)
def test_a_run_that_has_not_ended_is_cancelled(
    api: Caller, schedule: Schedule, running: dict[str, object]
) -> None:
    run = make_run(schedule, **running)

    cancelled = document(api.post(f"{run_path(run)}/cancel"))

    assert (cancelled["state"], cancelled["reason"]) == ("cancelled", "cancelled_by_person")
    assert cancelled["finished_at"] > cancelled["created"]
    assert document(api.get(run_path(run))) == cancelled


@pytest.mark.parametrize(
    "state", [RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.DISCARDED]
)
def test_a_run_that_has_ended_stays_as_it_is(api: Caller, schedule: Schedule, state: RunState) -> None:
    run = make_run(schedule, state=state)
    before = everything()

    assert_error(api.post(f"{run_path(run)}/cancel"), 400, "run_not_cancellable")

    assert everything() == before


def test_a_body_is_ignored(api: Caller, schedule: Schedule) -> None:
    run = make_run(schedule)

    response = api.send("POST", f"{run_path(run)}/cancel", b"\xff{", "text/plain")

    assert document(response)["state"] == "cancelled"


def test_an_unknown_run_cannot_be_cancelled(api: Caller, schedule: Schedule) -> None:
    path = f"{schedule_path(schedule)}/runs/01KPN29WWKSK0VDPJNTKZPVNRB/cancel"

    assert_error(api.post(path), 404, "run_not_found")


def test_a_reader_may_not_cancel(reader: Caller, schedule: Schedule) -> None:
    assert_not_for_readers(("POST", f"{run_path(make_run(schedule))}/cancel", None), reader)


def test_an_outsider_may_not_cancel(
    nobody: Caller, elsewhere: Caller, api: Caller, schedule: Schedule
) -> None:
    call = ("POST", f"{run_path(make_run(schedule))}/cancel", None)

    assert_only_for_its_workspace(call, nobody=nobody, elsewhere=elsewhere)
    assert_not_under_another_agent(call, schedule, api)
