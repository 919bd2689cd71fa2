"""Pausing and resuming over the API: of a schedule, of an agent, of a workspace."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schedules import api_keys, holds, journal
from schedules.expressions.instants import rfc3339
from schedules.holds import Reach
from schedules.models import Hold, JournalEntry, Run, RunState, Schedule, Scope
from tests.api.caller import Caller, assert_error, document, schedule_path, schedules_path
from tests.factories import make_agent, make_hold, make_run, make_schedule, make_token

pytestmark = pytest.mark.django_db

NOTE = "The provider is down"


@pytest.fixture
def schedule() -> Schedule:
    """Hourly, made just now."""
    return make_schedule(now=datetime.now(UTC), expression="0 0 * * * *")


@pytest.fixture
def caller(schedule: Schedule) -> Caller:
    """A key that may run, pause and resume."""
    return Caller(make_token(schedule.workspace, Scope.TRIGGER))


@pytest.fixture
def admin(schedule: Schedule) -> Caller:
    """A key that may do everything."""
    return Caller(make_token(schedule.workspace, Scope.ADMIN))


def agent_path(schedule: Schedule) -> str:
    """Of its agent."""
    return f"/v3/agents/{schedule.agent.key}"


def in_days(count: float) -> datetime:
    """A whole second to come."""
    return (datetime.now(UTC) + timedelta(days=count)).replace(microsecond=0)


class TestOfASchedule:
    def test_it_is_paused_with_a_note_until_then(self, caller: Caller, schedule: Schedule) -> None:
        until = in_days(2)
        waiting = make_run(schedule)

        shown = document(
            caller.post(f"{schedule_path(schedule)}/pause", {"note": NOTE, "until": rfc3339(until)})
        )

        assert (shown["is_active"], shown["generation"], "next_fire_at" in shown) == (False, 1, False)
        since = shown["pause"].pop("since")
        by_id = shown["updated_by_id"]
        assert since == shown["updated"]
        assert shown["pause"] == {
            "scope": "schedule",
            "note": NOTE,
            "until": rfc3339(until),
            "by_id": by_id,
        }
        assert by_id.startswith("apk_")
        assert Run.objects.get(id=waiting.id).state == RunState.DISCARDED

    def test_resumed_it_begins_a_new_generation_and_the_pause_is_gone(
        self, caller: Caller, schedule: Schedule
    ) -> None:
        caller.post(f"{schedule_path(schedule)}/pause", {"note": NOTE})

        shown = document(caller.post(f"{schedule_path(schedule)}/resume"))

        assert (shown["is_active"], shown["generation"], "pause" in shown) == (True, 2, False)
        schedule.refresh_from_db()
        assert (schedule.pause_note, schedule.paused_at, schedule.paused_by_id) == ("", None, "")

    def test_without_a_body_there_is_no_note(self, caller: Caller, schedule: Schedule) -> None:
        shown = document(caller.post(f"{schedule_path(schedule)}/pause"))

        assert set(shown["pause"]) == {"scope", "since", "by_id"}

    def test_paused_again_it_has_the_new_note_and_nothing_else_changes(
        self, caller: Caller, schedule: Schedule
    ) -> None:
        before = document(caller.post(f"{schedule_path(schedule)}/pause", {"note": NOTE}))

        shown = document(caller.post(f"{schedule_path(schedule)}/pause", {"note": "Still"}))

        assert shown["pause"] == before["pause"] | {"note": "Still"}
        assert shown["generation"] == before["generation"]

    def test_resuming_what_is_active_changes_nothing(self, caller: Caller, schedule: Schedule) -> None:
        shown = document(caller.post(f"{schedule_path(schedule)}/resume"))

        assert (shown["is_active"], shown["generation"]) == (True, 1)
        assert not JournalEntry.objects.filter(verb="update").exists()

    def test_public_clients_pause_and_resume_as_ever(self, admin: Caller, schedule: Schedule) -> None:
        paused = document(admin.patch(schedule_path(schedule), {"is_active": False}))
        resumed = document(admin.patch(schedule_path(schedule), {"is_active": True}))

        assert paused["pause"]["scope"] == "schedule"
        assert (resumed["is_active"], "pause" in resumed) == (True, False)

    def test_its_line_has_note_and_end(self, caller: Caller, schedule: Schedule) -> None:
        until = in_days(1)

        caller.post(f"{schedule_path(schedule)}/pause", {"note": NOTE, "until": rfc3339(until)})

        changes = JournalEntry.objects.get(verb="update").changes
        assert changes["pause_note"] == {"old": "", "new": NOTE}
        assert changes["is_active"] == {"old": True, "new": False}
        assert datetime.fromisoformat(changes["paused_until"]["new"]) == until


REFUSED: list[tuple[Any, str | None]] = [
    ({"until": "2020-01-01T00:00:00Z"}, "until"),
    ({"until": "soon"}, "until"),
    ({"note": 7}, "note"),
    ({"note": "x" * 501}, "note"),
    ({"reason": "x"}, "reason"),
    ([], None),
]


@pytest.mark.parametrize(("body", "param"), REFUSED)
@pytest.mark.parametrize("what", ["schedule", "agent", "workspace"])
def test_what_is_wrong_with_a_pause_is_named_and_nothing_is_paused(
    admin: Caller, schedule: Schedule, what: str, body: Any, param: str | None
) -> None:
    paths = {"schedule": schedule_path(schedule), "agent": agent_path(schedule), "workspace": "/v3/workspace"}

    assert_error(admin.post(f"{paths[what]}/pause", body), 400, "invalid_request_body", param)

    assert not Hold.objects.exists()
    assert Schedule.objects.get().is_active


class TestOfAnAgent:
    def test_its_schedules_show_the_hold_and_stay_as_they_are(
        self, caller: Caller, schedule: Schedule
    ) -> None:
        before = Schedule.objects.values().get()
        until = in_days(2)

        agent = document(
            caller.post(f"{agent_path(schedule)}/pause", {"note": NOTE, "until": rfc3339(until)})
        )

        shown = document(caller.get(schedule_path(schedule)))
        assert agent["pause"] == shown["pause"]
        assert (shown["pause"]["scope"], shown["pause"]["note"]) == ("agent", NOTE)
        assert shown["is_active"] is False
        assert until <= datetime.fromisoformat(shown["next_fire_at"]) <= until + timedelta(hours=1)
        assert document(caller.get(schedules_path(schedule.agent)))["schedules"] == [shown]
        assert document(caller.get("/v3/agents"))["agents"][0]["pause"] == agent["pause"]
        assert Schedule.objects.values().get() == before

    def test_without_an_end_nobody_knows_when_it_fires_next(self, caller: Caller, schedule: Schedule) -> None:
        caller.post(f"{agent_path(schedule)}/pause")

        assert "next_fire_at" not in document(caller.get(schedule_path(schedule)))

    def test_it_cannot_be_run_now(self, caller: Caller, schedule: Schedule) -> None:
        caller.post(f"{agent_path(schedule)}/pause")

        assert_error(caller.post(f"{schedule_path(schedule)}/execution"), 400, "schedule_inactive")

    def test_is_active_true_is_accepted_and_the_hold_is_named(
        self, admin: Caller, schedule: Schedule
    ) -> None:
        admin.patch(schedule_path(schedule), {"is_active": False})
        admin.post(f"{agent_path(schedule)}/pause", {"note": NOTE})

        shown = document(admin.patch(schedule_path(schedule), {"is_active": True}))

        assert (shown["is_active"], shown["pause"]["scope"]) == (False, "agent")
        assert Schedule.objects.get().is_active

    def test_resumed_everything_is_as_before(self, caller: Caller, schedule: Schedule) -> None:
        before = document(caller.get(schedule_path(schedule)))
        caller.post(f"{agent_path(schedule)}/pause")

        agent = document(caller.post(f"{agent_path(schedule)}/resume"))

        assert "pause" not in agent
        assert document(caller.get(schedule_path(schedule))) == before

    def test_a_schedule_that_was_paused_itself_stays_so(self, caller: Caller, schedule: Schedule) -> None:
        caller.post(f"{schedule_path(schedule)}/pause", {"note": NOTE})
        caller.post(f"{agent_path(schedule)}/pause")

        caller.post(f"{agent_path(schedule)}/resume")

        shown = document(caller.get(schedule_path(schedule)))
        assert (shown["is_active"], shown["pause"]["scope"], shown["pause"]["note"]) == (
            False,
            "schedule",
            NOTE,
        )

    def test_paused_again_it_is_the_same_hold_with_the_new_note(
        self, caller: Caller, schedule: Schedule
    ) -> None:
        first = document(caller.post(f"{agent_path(schedule)}/pause", {"note": NOTE}))["pause"]

        second = document(caller.post(f"{agent_path(schedule)}/pause", {"note": "Still"}))["pause"]

        assert second == first | {"note": "Still"}
        assert Hold.objects.count() == 1
        assert JournalEntry.objects.filter(verb="hold").latest("id").changes == journal.difference(
            {"note": NOTE}, {"note": "Still"}
        )

    def test_resuming_the_agent_leaves_the_workspaces_hold(self, admin: Caller, schedule: Schedule) -> None:
        admin.post("/v3/workspace/pause", {"note": NOTE})
        admin.post(f"{agent_path(schedule)}/pause")

        agent = document(admin.post(f"{agent_path(schedule)}/resume"))

        assert agent["pause"]["scope"] == "workspace"

    def test_another_agents_schedules_go_on(self, caller: Caller, schedule: Schedule) -> None:
        other = make_schedule(make_agent(schedule.workspace, "other"))
        caller.post(f"{agent_path(schedule)}/pause")

        assert document(caller.get(schedule_path(other)))["is_active"] is True


class TestOfAWorkspace:
    def test_all_of_it_is_held_and_let_go(self, admin: Caller, schedule: Schedule) -> None:
        held = document(admin.post("/v3/workspace/pause", {"note": NOTE}))
        under = document(admin.get(schedule_path(schedule)))
        let_go = document(admin.post("/v3/workspace/resume"))

        assert held["_id"] == str(schedule.workspace_id)
        assert under["pause"] == held["pause"]
        assert "pause" not in let_go
        assert document(admin.get(schedule_path(schedule)))["is_active"] is True

    def test_nobody_elses(self, admin: Caller, schedule: Schedule) -> None:
        other = make_schedule()
        admin.post("/v3/workspace/pause")

        theirs = Caller(make_token(other.workspace))

        assert document(theirs.get(schedule_path(other)))["is_active"] is True
        assert "pause" not in document(theirs.get("/v3/workspace"))

    @pytest.mark.parametrize("act", ["pause", "resume"])
    def test_a_key_of_some_agents_does_not_stop_all(self, schedule: Schedule, act: str) -> None:
        make_hold(schedule.workspace)
        token = api_keys.issue(schedule.workspace, scope=Scope.ADMIN, agents=[schedule.agent]).token

        assert_error(Caller(token).post(f"/v3/workspace/{act}"), 403, "insufficient_scope")

        assert Hold.objects.get().ended_at is None

    def test_everything_is_shown_and_not_theirs_to_lift(self, admin: Caller, schedule: Schedule) -> None:
        holds.hold(Reach(), "command", note=NOTE)

        shown = document(admin.post("/v3/workspace/resume"))

        assert shown["pause"]["scope"] == "everything"
        assert document(admin.get(schedule_path(schedule)))["is_active"] is False
