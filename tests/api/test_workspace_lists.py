"""list-schedules and list-runs: everything of a workspace, and nothing of another."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from schedules import editing
from schedules.api.documents import RunDocument
from schedules.api.lookups import runs_within
from schedules.api.queries import all_runs_filter
from schedules.database.clock import database_now
from schedules.expressions.instants import rfc3339
from schedules.models import Agent, ApiKey, Run, RunState, Schedule
from tests.api.caller import Caller, assert_error, document, schedule_path
from tests.api.test_run_pages import pages
from tests.factories import NOON, finish, make_agent, make_hold, make_run, make_schedule, make_token

RUNS = "/v3/runs"
SCHEDULES = "/v3/schedules"
UNKNOWN = "01KPN29WWKSK0VDPJNTKZPVNRB"


@pytest.fixture
def triage(agent: Agent) -> Schedule:
    """A schedule of another agent of the workspace."""
    return make_schedule(make_agent(agent.workspace, key="triage"), display_name="Triage")


def ids(caller: Caller, path: str) -> list[str]:
    """The ids of a list."""
    [rows] = (value for name, value in document(caller.get(path)).items() if name != "next_after")
    return [row["_id"] for row in rows]


class TestSchedules:
    def test_they_are_of_all_agents_newest_first_and_without_payload(
        self, api: Caller, schedule: Schedule, triage: Schedule
    ) -> None:
        shown = document(api.get(SCHEDULES))["schedules"]

        assert [each["_id"] for each in shown] == sorted((schedule.id, triage.id), reverse=True)
        whole = document(api.get(schedule_path(triage)))
        assert shown[0] | {"payload": whole["payload"]} == whole
        assert shown[0]["agent_key"] == "triage"

    def test_they_come_in_pages(self, api: Caller, agent: Agent) -> None:
        made = sorted((make_schedule(agent).id for _ in range(5)), reverse=True)

        rows = list(pages(api, f"{SCHEDULES}?limit=2", "schedules"))

        assert rows == [made[:2], made[2:4], made[4:]]

    def test_twenty_unless_asked_for_more(self, api: Caller, agent: Agent) -> None:
        for _ in range(21):
            make_schedule(agent)

        assert len(ids(api, SCHEDULES)) == 20

    def test_of_one_agent(self, api: Caller, schedule: Schedule, triage: Schedule) -> None:
        assert ids(api, f"{SCHEDULES}?agent=triage") == [triage.id]

    def test_by_whether_they_fire(self, api: Caller, schedule: Schedule, agent: Agent) -> None:
        paused, finished = make_schedule(agent), make_schedule(agent)
        editing.update(paused.id, {"is_active": False}, "apk_x", NOON)
        finish(finished)

        assert ids(api, f"{SCHEDULES}?activity=active") == [schedule.id]
        assert ids(api, f"{SCHEDULES}?activity=paused") == [paused.id]
        assert ids(api, f"{SCHEDULES}?activity=finished") == [finished.id]

    def test_what_is_held_is_shown_as_in_its_own_document(
        self, api: Caller, agent: Agent, triage: Schedule
    ) -> None:
        held = make_schedule(agent)
        until = (database_now() + timedelta(days=2)).replace(microsecond=0)
        make_hold(agent, until_at=until)

        shown = {each["_id"]: each for each in document(api.get(SCHEDULES))["schedules"]}

        for schedule in (held, triage):
            whole = document(api.get(schedule_path(schedule)))
            assert shown[schedule.id] | {"payload": whole["payload"]} == whole
        assert (shown[held.id]["is_active"], shown[held.id]["pause"]["scope"]) == (False, "agent")
        assert shown[held.id]["next_fire_at"] >= rfc3339(until)
        assert (shown[triage.id]["is_active"], "pause" in shown[triage.id]) == (True, False)

    def test_a_hold_does_not_change_what_a_schedule_is_by_itself(
        self, api: Caller, schedule: Schedule, agent: Agent
    ) -> None:
        make_hold(agent)

        assert ids(api, f"{SCHEDULES}?activity=active") == [schedule.id]
        assert ids(api, f"{SCHEDULES}?activity=paused") == []

    def test_holds_are_read_once_a_page(self, api: Caller, agent: Agent) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as queries:
                api.get(SCHEDULES)
            return len(queries)

        make_schedule(agent)
        make_hold(agent)
        count()  # what a process asks once is asked
        one = count()
        for _ in range(5):
            make_schedule(agent)

        assert count() == one

    def test_by_its_id_with_whatever_agent(self, api: Caller, schedule: Schedule, triage: Schedule) -> None:
        assert ids(api, f"{SCHEDULES}?id={triage.id}") == [triage.id]
        assert ids(api, f"{SCHEDULES}?id={UNKNOWN}") == []

    def test_what_is_deleted_is_gone(self, api: Caller, schedule: Schedule, triage: Schedule) -> None:
        editing.delete(schedule.id, "apk_x", NOON)
        Agent.objects.filter(id=triage.agent_id).update(deleted_at=NOON)

        assert ids(api, SCHEDULES) == []


class TestRuns:
    def test_they_are_of_all_schedules_without_what_is_long(
        self, api: Caller, schedule: Schedule, triage: Schedule
    ) -> None:
        first = make_run(schedule)
        second = make_run(
            triage,
            state=RunState.FAILED,
            reason="agent_timeout",
            error_code="agent_timeout",
            output_text="much",
        )

        shown = document(api.get(RUNS))["runs"]

        assert [each["_id"] for each in shown] == [second.id, first.id]
        whole = RunDocument(second).data
        long = {"attempts": whole.pop("attempts"), "output_text": whole.pop("output_text")}
        assert shown[0] == whole | {"agent_key": "triage", "schedule_name": "Triage"}
        assert long["output_text"] == "much"
        assert "schedule_name" not in shown[1]

    def test_what_failed_is_found_by_state_reason_and_agent(
        self, api: Caller, schedule: Schedule, triage: Schedule
    ) -> None:
        make_run(schedule)
        slow = make_run(schedule, state=RunState.FAILED, reason="agent_timeout")
        wrong = make_run(triage, state=RunState.FAILED, reason="agent_failed")
        stale = make_run(triage, state=RunState.DISCARDED, reason="stale_generation")

        assert ids(api, f"{RUNS}?state=failed") == [wrong.id, slow.id]
        assert ids(api, f"{RUNS}?state=failed&agent=digest") == [slow.id]
        assert ids(api, f"{RUNS}?reason=stale_generation") == [stale.id]
        assert ids(api, f"{RUNS}?reason=agent_failed&agent=digest") == []
        assert ids(api, f"{RUNS}?agent=triage&state=discarded&reason=stale_generation") == [stale.id]

    def test_by_its_id_with_whatever_schedule(
        self, api: Caller, schedule: Schedule, triage: Schedule
    ) -> None:
        run = make_run(schedule)
        make_run(triage)

        assert ids(api, f"{RUNS}?id={run.id}") == [run.id]

    def test_by_when_they_were_made(self, api: Caller, schedule: Schedule) -> None:
        now = database_now()
        made = [make_run(schedule, created_at=now - timedelta(minutes=ago)) for ago in (30, 20, 10)]
        since = f"{now - timedelta(minutes=20):%Y-%m-%dT%H:%M:%S.%fZ}"
        until = f"{now - timedelta(minutes=10):%Y-%m-%dT%H:%M:%S.%fZ}"

        assert ids(api, f"{RUNS}?from={since}") == [made[2].id, made[1].id]
        assert ids(api, f"{RUNS}?from={since}&to={until}") == [made[1].id]

    def test_they_come_in_pages_of_what_was_asked_for(self, api: Caller, schedule: Schedule) -> None:
        failed = sorted((make_run(schedule, state=RunState.FAILED).id for _ in range(3)), reverse=True)
        make_run(schedule)

        rows = list(pages(api, f"{RUNS}?limit=2&state=failed", "runs"))

        assert rows == [failed[:2], failed[2:]]

    def test_those_of_deleted_schedules_stay(self, api: Caller, schedule: Schedule) -> None:
        run = make_run(schedule, state=RunState.FAILED)
        editing.delete(schedule.id, "apk_x", NOON)

        assert ids(api, f"{RUNS}?state=failed") == [run.id]

    def test_a_page_asks_the_database_no_more_for_more_runs(self, api: Caller, schedule: Schedule) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as queries:
                api.get(f"{RUNS}?limit=100")
            return len(queries)

        make_run(schedule, attempt=3)
        count()  # what a process asks once is asked
        one = count()
        for _ in range(20):
            make_run(schedule, attempt=3, state=RunState.FAILED)

        assert count() == one


class TestKeys:
    @pytest.fixture
    def limited(self, triage: Schedule) -> Caller:
        """Reaches the agent triage only."""
        return Caller(make_token(triage.workspace, agents=[triage.agent]))

    def test_one_that_is_limited_sees_only_what_is_of_its_agents(
        self, limited: Caller, schedule: Schedule, triage: Schedule
    ) -> None:
        make_run(schedule)
        theirs = make_run(triage)

        assert ids(limited, RUNS) == [theirs.id]
        assert ids(limited, SCHEDULES) == [triage.id]

    def test_another_agent_is_not_found(self, limited: Caller, schedule: Schedule) -> None:
        for path in (RUNS, SCHEDULES):
            assert_error(limited.get(f"{path}?agent={schedule.agent.key}"), 404, "agent_not_found")

    def test_one_of_another_workspace_sees_nothing(
        self, elsewhere: Caller, nobody: Caller, schedule: Schedule
    ) -> None:
        make_run(schedule)

        assert ids(elsewhere, RUNS) == ids(elsewhere, SCHEDULES) == []
        for path in (RUNS, SCHEDULES):
            assert_error(nobody.get(path), 401, "authentication_required")

    def test_a_position_of_elsewhere_means_nothing(
        self, elsewhere: Caller, limited: Caller, schedule: Schedule
    ) -> None:
        run = make_run(schedule)

        for caller in (elsewhere, limited):
            for path in (f"{RUNS}?after={run.id}", f"{SCHEDULES}?after={schedule.id}"):
                assert_error(caller.get(path), 400, "invalid_request_body", "after")


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("state=", "state"),
        ("state=lost", "state"),
        ("reason=", "reason"),
        ("reason=%00", "reason"),
        (f"reason={'x' * 41}", "reason"),
        ("id=x", "id"),
        ("agent=", "agent"),
        ("agent=a%20b", "agent"),
        ("agent=a%0A", "agent"),
        (f"agent={'a' * 256}", "agent"),
        ("from=yesterday", "from"),
        ("from=2026-06-01T12:00:00Z&to=2026-06-01T12:00:00Z", "to"),
        ("after=x", "after"),
        (f"after={UNKNOWN}", "after"),
    ],
)
def test_a_query_for_runs_that_means_nothing_is_refused(
    api: Caller, schedule: Schedule, query: str, param: str
) -> None:
    assert_error(api.get(f"{RUNS}?{query}"), 400, "invalid_request_body", param)


@pytest.mark.parametrize(
    ("query", "param"), [("activity=on", "activity"), ("agent=-", "agent"), ("limit=", "limit")]
)
def test_a_query_for_schedules_that_means_nothing_is_refused(
    api: Caller, schedule: Schedule, query: str, param: str
) -> None:
    assert_error(api.get(f"{SCHEDULES}?{query}"), 400, "invalid_request_body", param)


def test_what_a_query_does_not_know_is_ignored_as_in_other_lists(api: Caller, schedule: Schedule) -> None:
    assert ids(api, f"{SCHEDULES}?colour=red") == [schedule.id]


@pytest.mark.postgresql
def test_each_list_of_runs_is_read_from_an_index_in_the_lists_order(schedule: Schedule) -> None:
    make_token(schedule.workspace)
    key = ApiKey.objects.latest("id")
    asked: list[tuple[str | None, dict[str, Any], str]] = [
        (None, {"state": "failed"}, "run_unsuccessful_of_workspace"),
        (None, {"reason": "agent_timeout"}, "run_of_reason"),
        ("triage", {"state": "failed"}, "run_unsuccessful_of_agent"),
        ("triage", {}, "run_of_agent"),
    ]
    _history(schedule)

    for agent_key, query, index in asked:
        rows = runs_within(key, agent_key, all_runs_filter(query))
        plan = rows.order_by("-id")[:21].explain()
        assert f"using {index} " in plan, (query, plan)
        assert "Sort" not in plan


def _history(schedule: Schedule) -> None:
    """A workspace with two agents, beside one with most of the runs; few have failed."""
    quiet = make_schedule(make_agent(schedule.agent.workspace, key="triage"))
    foreign = make_schedule(make_agent())
    for of, count in ((schedule, 80), (quiet, 40), (foreign, 12_000)):
        Run.objects.bulk_create(
            Run(
                schedule=of,
                agent_id=of.agent_id,
                workspace_id=of.workspace_id,
                generation=1,
                trigger="manual",
                not_before=NOON,
                redispatch_at=NOON,
                state=RunState.FAILED if number % 20 == 0 else RunState.SUCCEEDED,
                reason="" if number % 20 else "agent_timeout" if number % 200 == 0 else "agent_failed",
            )
            for number in range(count)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE schedules_run")
