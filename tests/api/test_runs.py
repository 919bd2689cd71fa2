"""list-agent-schedule-runs and retrieve-agent-schedule-run."""

from datetime import timedelta
from typing import Any

import pytest

from schedules import editing
from schedules.database.clock import database_now
from schedules.models import Agent, Run, RunState, Schedule, TriggerKind
from schedules.runs import claiming, finishing
from schedules.runs.claimed import Claimed
from tests.api.caller import Caller, assert_error, document, run_path, schedule_path
from tests.api.outsiders import assert_not_under_another_agent, assert_only_for_its_workspace
from tests.factories import NOON, make_run, make_schedule
from workers.runtimes.base import Answer, CallFailed

RUN = {
    "_id",
    "schedule_id",
    "generation",
    "trigger",
    "state",
    "attempt",
    "max_attempts",
    "attempts",
    "created",
    "not_before",
    "is_misfire",
}
ENDED: dict[str, Any] = {
    "trigger": TriggerKind.CADENCE,
    "fire_time": NOON,
    "started_at": NOON + timedelta(seconds=1.5),
    "finished_at": NOON + timedelta(seconds=4),
    "agent_tag": "v1",
}


def test_a_pending_run_is_shown_as_documented(api: Caller, schedule: Schedule) -> None:
    run = make_run(schedule)

    assert document(api.get(run_path(run))) == {
        "_id": run.id,
        "schedule_id": schedule.id,
        "generation": 1,
        "trigger": "manual",
        "state": "pending",
        "attempt": 1,
        "max_attempts": 1,
        "attempts": [],
        "created": "2026-06-01T12:00:00Z",
        "not_before": "2026-06-01T12:00:00Z",
        "is_misfire": False,
    }


def test_a_run_that_waits_for_a_slot_says_so(api: Caller, schedule: Schedule) -> None:
    Agent.objects.filter(id=schedule.agent_id).update(max_in_flight=1)
    in_an_hour = database_now() + timedelta(hours=1)
    make_run(schedule, state=RunState.RUNNING, lease_expires_at=in_an_hour)
    run, early = make_run(schedule), make_run(schedule, not_before=in_an_hour)

    assert document(api.get(run_path(run)))["waits_for"] == "its agent has 1 of 1 calls in flight"
    assert "waits_for" not in document(api.get(run_path(early)))
    shown = document(api.get(f"{schedule_path(schedule)}/runs?state=pending"))["runs"]
    assert [each.get("waits_for") for each in shown] == [None, "its agent has 1 of 1 calls in flight"]


def test_a_succeeded_run_shows_its_result(api: Caller, schedule: Schedule) -> None:
    result = {"response_id": "resp_1", "output_text": "Good morning", "usage": {"total_tokens": 508}}
    run = make_run(schedule, state=RunState.SUCCEEDED, is_misfire=True, **ENDED, **result)

    shown = document(api.get(run_path(run)))

    assert set(shown) == RUN | set(ENDED) | set(result) | {"lateness_seconds"}
    assert shown.items() >= result.items()
    assert (shown["fire_time"], shown["started_at"]) == (
        "2026-06-01T12:00:00Z",
        "2026-06-01T12:00:01.500000Z",
    )
    assert (shown["lateness_seconds"], shown["is_misfire"], shown["agent_tag"]) == (1.5, True, "v1")


def test_a_failed_run_says_why(api: Caller, schedule: Schedule) -> None:
    failed = {"reason": "http_400", "error_code": "http_400", "error_message": "The agent answered 400"}
    run = make_run(schedule, state=RunState.FAILED, attempt=3, **ENDED, **failed)

    shown = document(api.get(run_path(run)))

    assert set(shown) == RUN | set(ENDED) | {"lateness_seconds", "reason", "error"}
    assert shown["error"] == {"code": "http_400", "message": "The agent answered 400"}
    assert (shown["reason"], shown["attempt"]) == ("http_400", 3)


FAILED_ONCE = CallFailed("agent_http_error", "HTTP 503", is_retryable=True, response_id="resp_1")
LATER = NOON + timedelta(seconds=2)
LEASE = timedelta(seconds=15)
FIRST = {
    "number": 1,
    "worker": "worker-a",
    "started_at": "2026-06-01T12:00:00Z",
    "ended_at": "2026-06-01T12:00:02Z",
    "outcome": "failed",
    "error": {"code": "agent_http_error", "message": "HTTP 503"},
    "response_id": "resp_1",
    "trace_id": "a" * 32,
}


def claimed(run: Run, worker: str, trace_id: str) -> Claimed:
    Run.objects.filter(id=run.id).update(not_before=NOON)
    outcome = claiming.claim(run.id, run.generation, worker, NOON, LEASE, trace_id)
    assert isinstance(outcome, Claimed)
    return outcome


@pytest.fixture
def failed_once(agent: Agent) -> Run:
    """Its first attempt has failed."""
    Agent.objects.update(max_attempts=3)
    run = make_run(make_schedule(agent))
    finishing.fail(claimed(run, "worker-a", "a" * 32), FAILED_ONCE, LATER)
    return run


def of_the_last_attempt(api: Caller, run: Run) -> dict[str, Any]:
    """What a run's document says of the attempt that is its current or last one, and of all of them."""
    shown = document(api.get(run_path(run)))
    names = ("state", "attempt", "max_attempts", "worker", "trace_id", "response_id", "error", "attempts")
    return {name: shown[name] for name in names if name in shown}


def test_a_run_that_waits_for_its_second_attempt_shows_the_first(api: Caller, failed_once: Run) -> None:
    assert of_the_last_attempt(api, failed_once) == {
        "state": "pending",
        "attempt": 2,
        "max_attempts": 3,
        "trace_id": "a" * 32,
        "response_id": "resp_1",
        "error": FIRST["error"],
        "attempts": [FIRST],
    }


def test_a_second_attempt_that_runs_shows_nothing_of_the_first_as_its_own(
    api: Caller, failed_once: Run
) -> None:
    claimed(failed_once, "worker-b", "b" * 32)

    assert of_the_last_attempt(api, failed_once) == {
        "state": "running",
        "attempt": 2,
        "max_attempts": 3,
        "worker": "worker-b",
        "trace_id": "b" * 32,
        "attempts": [
            FIRST,
            {
                "number": 2,
                "worker": "worker-b",
                "started_at": "2026-06-01T12:00:00Z",
                "outcome": "running",
                "trace_id": "b" * 32,
            },
        ],
    }


def test_a_run_of_two_attempts_shows_both_and_what_kinds_of_items_came(api: Caller, failed_once: Run) -> None:
    second = claimed(failed_once, "worker-b", "b" * 32)
    items = ["reasoning", "message", "message", "web_search_call"]
    answer = Answer("resp_2", [{"type": kind} for kind in items], "Hi", None, None, None)
    finishing.succeed(
        failed_once.id, second.attempt, LATER, response_id="resp_2", **finishing.outcome_of(answer)
    )

    assert document(api.get(run_path(failed_once)))["output_types"] == [
        "reasoning",
        "message",
        "web_search_call",
    ]
    assert of_the_last_attempt(api, failed_once) == {
        "state": "succeeded",
        "attempt": 2,
        "max_attempts": 3,
        "worker": "worker-b",
        "trace_id": "b" * 32,
        "response_id": "resp_2",
        "attempts": [
            FIRST,
            {
                "number": 2,
                "worker": "worker-b",
                "started_at": "2026-06-01T12:00:00Z",
                "ended_at": "2026-06-01T12:00:02Z",
                "outcome": "succeeded",
                "response_id": "resp_2",
                "trace_id": "b" * 32,
            },
        ],
    }


def test_neither_the_payload_nor_its_secrets_are_shown(api: Caller, schedule: Schedule) -> None:
    run = make_run(
        schedule, payload={"input": "Hi", "variables": {"token": {"secret": True, "sealed": "gAAAA"}}}
    )

    assert set(document(api.get(run_path(run)))) == RUN


def test_runs_come_newest_first(api: Caller, schedule: Schedule) -> None:
    made = [make_run(schedule).id for _ in range(3)]
    make_run(make_schedule(schedule.agent))

    listed = document(api.get(f"{schedule_path(schedule)}/runs"))["runs"]

    assert [run["_id"] for run in listed] == sorted(made, reverse=True)


def test_the_list_shows_what_retrieve_shows(api: Caller, schedule: Schedule) -> None:
    run = make_run(schedule, state=RunState.SUCCEEDED, output_text="Hi", usage={}, **ENDED)

    assert document(api.get(f"{schedule_path(schedule)}/runs")) == {
        "runs": [document(api.get(run_path(run)))]
    }


def test_a_list_is_bounded_and_filtered(api: Caller, schedule: Schedule) -> None:
    failed = [make_run(schedule, state=RunState.FAILED).id for _ in range(2)]
    for _ in range(20):
        make_run(schedule)
    path = f"{schedule_path(schedule)}/runs"

    def ids(query: str) -> list[str]:
        return [run["_id"] for run in document(api.get(path + query))["runs"]]

    newest = list(Run.objects.order_by("-id").values_list("id", flat=True))
    assert ids("") == newest[:20]
    assert ids("?limit=3") == newest[:3]
    assert ids("?limit=100") == newest
    assert ids("?state=failed") == sorted(failed, reverse=True)
    assert ids("?state=failed&limit=1") == [max(failed)]
    assert ids("?state=running") == []
    assert ids("?cursor=01KPN29WWKSK0VDPJNTKZPVNRB") == newest[:20]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=", "limit"),
        ("limit=x", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("state=", "state"),
        ("state=unknown", "state"),
        ("state=%00", "state"),
        ("state=%FF", "state"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(
    api: Caller, schedule: Schedule, query: str, param: str
) -> None:
    assert_error(api.get(f"{schedule_path(schedule)}/runs?{query}"), 400, "invalid_request_body", param)


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "nonsense"])
def test_a_content_type_does_not_change_how_a_query_is_read(
    api: Caller, schedule: Schedule, charset: str
) -> None:
    make_run(schedule)
    path = f"{schedule_path(schedule)}/runs?state=failed"

    response = api.send("GET", path, b"{}", f"application/json; charset={charset}")

    assert document(response) == {"runs": []}


def test_a_reader_may_read_runs(reader: Caller, schedule: Schedule) -> None:
    run = make_run(schedule)

    assert document(reader.get(run_path(run)))["_id"] == run.id
    assert len(document(reader.get(f"{schedule_path(schedule)}/runs"))["runs"]) == 1


@pytest.mark.parametrize("run_id", ["x", "01KPN29WWKSK0VDPJNTKZPVNRB", "%00", "%FF"])
def test_an_unknown_run_is_not_found(api: Caller, schedule: Schedule, run_id: str) -> None:
    message = assert_error(api.get(f"{schedule_path(schedule)}/runs/{run_id}"), 404, "run_not_found")

    assert message == "Run not found"


def test_a_run_of_another_schedule_is_not_found(api: Caller, schedule: Schedule) -> None:
    run = make_run(make_schedule(schedule.agent))

    assert_error(api.get(f"{schedule_path(schedule)}/runs/{run.id}"), 404, "run_not_found")


def test_a_deleted_schedule_shows_no_runs(api: Caller, schedule: Schedule) -> None:
    run = make_run(schedule)
    editing.delete(schedule.id, "apk_test", NOON)

    assert_error(api.get(run_path(run)), 404, "schedule_not_found")
    assert_error(api.get(f"{schedule_path(schedule)}/runs"), 404, "schedule_not_found")


def test_an_outsider_may_not_read_runs(
    nobody: Caller, elsewhere: Caller, api: Caller, schedule: Schedule
) -> None:
    run = make_run(schedule)
    one, all_ = ("GET", run_path(run), None), ("GET", f"{schedule_path(schedule)}/runs", None)

    for call in (one, all_):
        assert_only_for_its_workspace(call, nobody=nobody, elsewhere=elsewhere)
    assert_not_under_another_agent(one, schedule, api)
