"""GET /v3/journal: who did what in one's own workspace, newest first, as far as the key may know."""

from datetime import timedelta
from typing import Any

import pytest

from schedules import agents, api_keys, editing
from schedules.actors import Actor, ActorKind, acting
from schedules.database.clock import database_now
from schedules.models import Agent, JournalEntry, Schedule, Scope
from schedules.runs import transitions
from tests.api.caller import Caller, assert_error, document, schedule_path
from tests.factories import NOON, make_agent, make_run, make_schedule, make_token

PATH = "/v3/journal"
ANNA = Actor(ActorKind.USER, "7", "anna", "192.0.2.1")


def lines(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    """What the caller is shown."""
    shown: list[dict[str, Any]] = document(caller.get(f"{PATH}{query}"))["lines"]
    return shown


def ids(shown: list[dict[str, Any]]) -> list[str]:
    return [line["_id"] for line in shown]


class TestWhatALineSays:
    def test_an_edit_by_a_key_is_named_with_what_it_changed(self, api: Caller, schedule: Schedule) -> None:
        api.patch(schedule_path(schedule), {"display_name": "Report", "expression": "@daily"})

        [line, *_] = lines(api)
        key_id = str(api.token).split("-")[2]
        assert line.pop("_id")
        assert line.pop("at")
        assert line == {
            "actor_kind": "key",
            "actor_id": key_id,
            "actor_name": f"apk_{key_id}",
            "address": "127.0.0.1",
            "workspace_id": str(schedule.workspace_id),
            "agent_id": schedule.agent_id,
            "verb": "update",
            "object_type": "schedule",
            "object_id": schedule.id,
            "object_name": "Report",
            "changes": {
                "display_name": {"old": None, "new": "Report"},
                "expression": {"old": schedule.expression, "new": "@daily"},
            },
            "generation": 2,
            "revision": 2,
        }

    def test_a_run_now_and_a_cancel_name_the_agent_too(self, api: Caller, schedule: Schedule) -> None:
        api.post(f"{schedule_path(schedule)}/execution")
        run = make_run(schedule)
        api.post(f"{schedule_path(schedule)}/runs/{run.id}/cancel")

        cancel, run_now = lines(api)[:2]
        assert (cancel["verb"], cancel["object_type"], cancel["object_id"]) == ("cancel", "run", run.id)
        assert (run_now["verb"], run_now["object_id"]) == ("run_now", schedule.id)
        assert cancel["agent_id"] == run_now["agent_id"] == schedule.agent_id

    def test_no_secret_is_in_it(self, api: Caller, schedule: Schedule) -> None:
        secret = {"secret": True, "value": "s3cret-value"}
        api.patch(schedule_path(schedule), {"payload": {"input": "Hi", "variables": {"token": secret}}})

        [line, *_] = lines(api)

        assert line["changes"]["payload.variables.token"] == "changed"
        assert "s3cret" not in str(line) + str(line["changes"]["payload"])


class TestWhoSeesWhat:
    def test_another_workspace_sees_nothing_of_it(self, schedule: Schedule, elsewhere: Caller) -> None:
        assert schedule.id not in str(lines(elsewhere))
        assert lines(elsewhere, f"?object_id={schedule.id}") == []

    def test_what_is_about_no_workspace_is_shown_to_none(self, api: Caller) -> None:
        JournalEntry.objects.create(actor_kind="user", verb="log_in", object_type="user", changes={})

        assert "log_in" not in {line["verb"] for line in lines(api)}

    def test_a_key_that_may_only_read_sees_its_own_acts(self, reader: Caller, schedule: Schedule) -> None:
        assert lines(reader) == []

        own = Actor(ActorKind.KEY, str(reader.token).split("-")[2], "reader")
        with acting(lambda: own):
            editing.update(schedule.id, {"display_name": "x"}, "apk_x", NOON)

        assert [line["actor_id"] for line in lines(reader)] == [own.id]

    def test_a_user_with_the_id_of_a_key_is_another(self, reader: Caller, schedule: Schedule) -> None:
        somebody = Actor(ActorKind.USER, str(reader.token).split("-")[2], "reader")

        with acting(lambda: somebody):
            editing.update(schedule.id, {"display_name": "x"}, "user_x", NOON)

        assert lines(reader) == []

    def test_a_key_that_may_trigger_sees_the_workspaces(self, agent: Agent, schedule: Schedule) -> None:
        triggerer = Caller(make_token(agent.workspace, Scope.TRIGGER))

        assert schedule.id in {line.get("object_id") for line in lines(triggerer)}

    def test_a_limited_key_sees_what_was_done_to_its_agents_only(self, agent: Agent) -> None:
        mine, other = make_schedule(agent), make_schedule(make_agent(agent.workspace, key="other"))
        for schedule in (mine, other):
            transitions.cancel(make_run(schedule).id, NOON)
        agents.update(agent.id, {"max_attempts": 7}, may_change_origin=False)
        agents.update(other.agent_id, {"max_attempts": 7}, may_change_origin=False)

        limited = Caller(make_token(agent.workspace, agents=[agent]))

        shown = lines(limited)
        assert {line["agent_id"] for line in shown} == {agent.id}
        assert {(line["verb"], line["object_type"]) for line in shown} == {
            ("create", "schedule"),
            ("cancel", "run"),
            ("update", "agent"),
        }
        assert lines(limited, f"?object_id={other.id}") == []


class TestPages:
    def test_each_page_begins_after_the_one_before(self, api: Caller, schedule: Schedule) -> None:
        for number in range(5):
            editing.update(schedule.id, {"display_name": f"{number}"}, "apk_x", NOON)
        whole = ids(lines(api, "?limit=100"))

        first = document(api.get(f"{PATH}?limit=3"))
        second = document(api.get(f"{PATH}?limit=100&after={first['next_after']}"))

        assert ids(first["lines"]) + ids(second["lines"]) == whole == sorted(whole, reverse=True)
        assert first["next_after"] == whole[2]
        assert "next_after" not in second

    def test_a_position_of_elsewhere_means_nothing_here(self, api: Caller, elsewhere: Caller) -> None:
        theirs = JournalEntry.objects.latest("id").id

        assert_error(api.get(f"{PATH}?after={theirs}"), 400, "invalid_request_body", "after")

    def test_twenty_lines_unless_asked_for_more(self, api: Caller, schedule: Schedule) -> None:
        for number in range(25):
            editing.update(schedule.id, {"display_name": f"{number}"}, "apk_x", NOON)

        assert len(lines(api)) == 20
        assert len(lines(api, "?limit=100")) > 25


class TestFilters:
    def test_by_object_actor_and_verb(self, api: Caller, agent: Agent, schedule: Schedule) -> None:
        other = make_schedule(agent)
        with acting(lambda: ANNA):
            editing.update(schedule.id, {"display_name": "x"}, "user_anna", NOON)
            editing.delete(other.id, "user_anna", NOON)

        assert {line["object_id"] for line in lines(api, f"?object_id={other.id}")} == {other.id}
        assert {line["object_type"] for line in lines(api, "?object_type=apikey")} == {"apikey"}
        assert {line["actor_name"] for line in lines(api, "?actor_id=7")} == {"anna"}
        assert [line["object_id"] for line in lines(api, "?verb=delete")] == [other.id]
        assert lines(api, "?verb=delete&object_type=apikey") == []

    def test_by_time_from_included_to_excluded(self, api: Caller, schedule: Schedule) -> None:
        whole = lines(api)
        oldest, newest = whole[-1]["at"], whole[0]["at"]
        assert oldest < newest

        assert ids(lines(api, f"?from={newest}")) == [whole[0]["_id"]]
        assert ids(lines(api, f"?to={newest}")) == ids(whole[1:])
        tomorrow = (database_now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert lines(api, f"?from={tomorrow}") == []

    @pytest.mark.parametrize(
        ("query", "param"),
        [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=many", "limit"),
            ("after=x", "after"),
            ("object_type=Schedule;", "object_type"),
            ("object_id=a%00b", "object_id"),
            ("object_id=%F0%9F%92%A5", "object_id"),
            ("actor_id=" + "a" * 41, "actor_id"),
            ("verb=", "verb"),
            ("verb=drop%20table", "verb"),
            ("from=yesterday", "from"),
            ("to=2026-06-01", "to"),
            ("from=2026-06-02T00:00:00Z&to=2026-06-01T00:00:00Z", "to"),
        ],
    )
    def test_a_bad_one_is_named(self, api: Caller, query: str, param: str) -> None:
        assert_error(api.get(f"{PATH}?{query}"), 400, "invalid_request_body", param)


def test_the_acts_on_keys_are_in_the_workspaces_journal(api: Caller, agent: Agent) -> None:
    issued = api_keys.issue(agent.workspace, scope=Scope.READ, name="CI")

    api_keys.revoke(issued.key, NOON)

    shown = lines(api, f"?object_id={issued.key.id}")
    assert [line["verb"] for line in shown] == ["revoke", "create"]
    assert issued.token not in str(shown)
