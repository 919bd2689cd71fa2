"""The filters and pages of list-agent-schedule-runs, and the pages of list-agent-schedules."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from schedules import editing
from schedules.models import Agent, RunState, Schedule, TriggerKind
from tests.api.caller import Caller, assert_error, document, schedule_path, schedules_path
from tests.factories import NOON, make_agent, make_run, make_schedule

HOUR = timedelta(hours=1)
UNKNOWN = "01KPN29WWKSK0VDPJNTKZPVNRB"


def runs_path(schedule: Schedule) -> str:
    """Where a schedule's runs are."""
    return f"{schedule_path(schedule)}/runs"


def pages(caller: Caller, path: str, name: str) -> Iterator[list[str]]:
    """The ids of every page, from the first to the last."""
    after: str | None = ""
    while after is not None:
        answer = document(caller.get(path + (f"&after={after}" if after else "")))
        yield [each["_id"] for each in answer[name]]
        assert set(answer) <= {name, "next_after"}
        after = answer.get("next_after")


def ids(caller: Caller, path: str) -> list[str]:
    """The ids of a list of runs."""
    return [run["_id"] for run in document(caller.get(path))["runs"]]


def test_the_pages_of_runs_make_the_whole(api: Caller, schedule: Schedule) -> None:
    made = sorted((make_run(schedule).id for _ in range(5)), reverse=True)

    rows = list(pages(api, f"{runs_path(schedule)}?limit=2", "runs"))

    assert rows == [made[:2], made[2:4], made[4:]]


def test_a_full_last_page_says_that_it_is_the_last(api: Caller, schedule: Schedule) -> None:
    for _ in range(4):
        make_run(schedule)

    sizes = [len(page) for page in pages(api, f"{runs_path(schedule)}?limit=2", "runs")]

    assert sizes == [2, 2]


def test_runs_made_meanwhile_do_not_move_the_pages(api: Caller, schedule: Schedule) -> None:
    made = sorted((make_run(schedule).id for _ in range(3)), reverse=True)
    first = document(api.get(f"{runs_path(schedule)}?limit=2"))
    make_run(schedule)

    rest = ids(api, f"{runs_path(schedule)}?limit=2&after={first['next_after']}")

    assert rest == made[2:]


def test_a_filter_holds_on_every_page(api: Caller, schedule: Schedule) -> None:
    failed = sorted((make_run(schedule, state=RunState.FAILED).id for _ in range(3)), reverse=True)
    for _ in range(3):
        make_run(schedule)

    rows = list(pages(api, f"{runs_path(schedule)}?limit=2&state=failed", "runs"))

    assert rows == [failed[:2], failed[2:]]


def test_runs_are_filtered_by_what_asked_for_them(api: Caller, schedule: Schedule) -> None:
    manual = make_run(schedule).id
    clock = make_run(schedule, trigger=TriggerKind.CADENCE, fire_time=NOON).id

    assert ids(api, f"{runs_path(schedule)}?trigger=manual") == [manual]
    assert ids(api, f"{runs_path(schedule)}?trigger=cadence") == [clock]


@pytest.mark.parametrize(
    ("query", "hours"),
    [
        ("from=2026-06-01T12:00:00Z", [0, 1, 2]),
        ("from=2026-06-01T12:00:00.000001Z", [1, 2]),
        ("to=2026-06-01T13:00:00Z", [-1, 0]),
        ("to=2026-06-01T13:00:00.000001Z", [-1, 0, 1]),
        ("from=2026-06-01T12:00:00Z&to=2026-06-01T14:00:00Z", [0, 1]),
        (f"from={quote('2026-06-01T15:00:00+02:00')}", [1, 2]),
        ("from=2026-06-01T07:00:00-05:00", [0, 1, 2]),
        ("from=9999-12-31T23:59:59Z", []),
        ("to=1970-01-01T00:00:00Z", []),
    ],
)
def test_runs_are_filtered_by_when_they_were_made(
    api: Caller, schedule: Schedule, query: str, hours: list[int]
) -> None:
    made = {make_run(schedule, created_at=NOON + hour * HOUR).id: hour for hour in (-1, 0, 1, 2)}

    rows = ids(api, f"{runs_path(schedule)}?{query}")

    assert [made[run] for run in rows] == sorted(hours, reverse=True)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("trigger=", "trigger"),
        ("trigger=person", "trigger"),
        ("from=", "from"),
        ("from=2026-06-01", "from"),
        ("from=2026-06-01T12:00:00", "from"),
        ("from=2026-06-01T12:00:00+02:00", "from"),
        ("from=2026-02-30T12:00:00Z", "from"),
        ("from=1969-12-31T23:59:59Z", "from"),
        ("to=now", "to"),
        ("to=%D9%A2026-06-01T12:00:00Z", "to"),
        ("from=2026-06-01T12:00:00Z&to=2026-06-01T12:00:00Z", "to"),
        ("from=2026-06-01T12:00:00Z&to=2026-06-01T11:00:00Z", "to"),
        ("after=", "after"),
        ("after=x", "after"),
        ("after=%00", "after"),
        (f"after={UNKNOWN}", "after"),
        (f"after={UNKNOWN.lower()}", "after"),
        (f"after={UNKNOWN}%0A", "after"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(
    api: Caller, schedule: Schedule, query: str, param: str
) -> None:
    assert_error(api.get(f"{runs_path(schedule)}?{query}"), 400, "invalid_request_body", param)


def test_a_position_in_another_list_of_runs_means_nothing(api: Caller, schedule: Schedule) -> None:
    make_run(schedule)
    elsewhere = make_run(make_schedule(make_agent()))
    beside = make_run(make_schedule(schedule.agent))

    answers = [api.get(f"{runs_path(schedule)}?after={run.id}") for run in (elsewhere, beside)]
    unknown = api.get(f"{runs_path(schedule)}?after={UNKNOWN}")

    for answer in answers:
        assert_error(answer, 400, "invalid_request_body", "after")
        assert answer.content == unknown.content


def test_schedules_come_in_pages_when_asked(api: Caller, agent: Agent) -> None:
    made = sorted((make_schedule(agent).id for _ in range(5)), reverse=True)

    rows = list(pages(api, f"{schedules_path(agent)}?limit=2", "schedules"))

    assert rows == [made[:2], made[2:4], made[4:]]
    assert document(api.get(f"{schedules_path(agent)}?after={made[1]}")).keys() == {"schedules"}


def test_without_a_limit_all_schedules_come(api: Caller, agent: Agent) -> None:
    for _ in range(101):
        make_schedule(agent)

    answer = document(api.get(schedules_path(agent)))

    assert set(answer) == {"schedules"}
    assert len(answer["schedules"]) == 101


def test_a_schedule_deleted_meanwhile_still_marks_its_place(api: Caller, agent: Agent) -> None:
    made = sorted((make_schedule(agent).id for _ in range(3)), reverse=True)
    first = document(api.get(f"{schedules_path(agent)}?limit=2"))
    editing.delete(first["next_after"], "apk_test", NOON)

    rest = document(api.get(f"{schedules_path(agent)}?limit=2&after={first['next_after']}"))

    assert [schedule["_id"] for schedule in rest["schedules"]] == made[2:]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=", "after=x", f"after={UNKNOWN}"]
)
def test_a_page_of_schedules_that_means_nothing_is_refused(api: Caller, agent: Agent, query: str) -> None:
    param = query.partition("=")[0]

    assert_error(api.get(f"{schedules_path(agent)}?{query}"), 400, "invalid_request_body", param)


def test_a_position_in_another_list_of_schedules_means_nothing(api: Caller, agent: Agent) -> None:
    make_schedule(agent)
    others: list[Any] = [make_schedule(make_agent()), make_schedule(make_agent(agent.workspace, key="other"))]

    for other in others:
        answer = api.get(f"{schedules_path(agent)}?after={other.id}")
        assert_error(answer, 400, "invalid_request_body", "after")


def test_a_reader_may_turn_pages(reader: Caller, schedule: Schedule) -> None:
    for _ in range(2):
        make_run(schedule)

    assert len(list(pages(reader, f"{runs_path(schedule)}?limit=1", "runs"))) == 2
