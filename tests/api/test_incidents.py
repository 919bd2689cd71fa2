"""list-incidents, retrieve-incident, acknowledge-incident, and the rules."""

from datetime import timedelta

import pytest

from schedules import api_keys, editing
from schedules.database.clock import database_now
from schedules.models import Agent, AlertRule, Incident, PauseReason, Schedule, Scope
from tests.api.caller import Caller, assert_error, document, everything
from tests.factories import NOON, make_agent, make_incident, make_token

PATH = "/v3/incidents"
RULES = "/v3/alert-rules"


@pytest.fixture
def incident(agent: Agent) -> Incident:
    """Its agent is down."""
    return make_incident(agent)


@pytest.fixture
def admin(agent: Agent) -> Caller:
    return Caller(make_token(agent.workspace, Scope.ADMIN))


def ids(answer: object) -> list[str]:
    assert isinstance(answer, dict)
    return [each["_id"] for each in answer["incidents"]]


def test_an_incident_says_what_is_wrong_since_when_and_how_often(api: Caller, incident: Incident) -> None:
    shown = document(api.get(f"{PATH}/{incident.id}"))

    assert shown == {
        "_id": incident.id,
        "rule": "agent.outage",
        "state": "open",
        "severity": "critical",
        "summary": "Agent digest is down: 5 of its schedules fail (agent_unreachable)",
        "subject": "agent",
        "subject_id": incident.subject_id,
        "subject_name": "digest",
        "agent_id": incident.agent_id,
        "code": "agent_unreachable",
        "count": 1,
        "facts": {"schedule_count": 5, "code": "agent_unreachable"},
        "opened": "2026-06-01T12:00:00Z",
        "last_seen": "2026-06-01T12:00:00Z",
    }
    assert document(api.get(PATH))["incidents"] == [shown]


def test_the_list_is_filtered_and_paged(api: Caller, agent: Agent, incident: Incident) -> None:
    late = make_incident(
        agent, NOON + timedelta(hours=1), rule="fire.late", closed_at=NOON + timedelta(hours=2)
    )
    other = make_incident(make_agent(agent.workspace, key="other"), NOON + timedelta(hours=3))

    assert ids(document(api.get(PATH))) == [other.id, late.id, incident.id]
    assert ids(document(api.get(f"{PATH}?state=open"))) == [other.id, incident.id]
    assert ids(document(api.get(f"{PATH}?state=closed"))) == [late.id]
    assert ids(document(api.get(f"{PATH}?rule=fire.late"))) == [late.id]
    assert ids(document(api.get(f"{PATH}?agent=other"))) == [other.id]
    assert ids(document(api.get(f"{PATH}?subject_id={incident.subject_id}"))) == [late.id, incident.id]
    assert ids(document(api.get(f"{PATH}?from=2026-06-01T12:30:00Z&to=2026-06-01T13:30:00Z"))) == [late.id]
    first = document(api.get(f"{PATH}?limit=2"))
    assert ids(first) == [other.id, late.id]
    assert ids(document(api.get(f"{PATH}?limit=2&after={first['next_after']}"))) == [incident.id]


@pytest.mark.parametrize(
    ("query", "param"), [("state=seen", "state"), ("rule=nothing", "rule"), ("limit=0", "limit")]
)
def test_a_filter_that_means_nothing_is_refused(api: Caller, query: str, param: str) -> None:
    assert_error(api.get(f"{PATH}?{query}"), 400, "invalid_request_body", param)


def test_acknowledging_says_who_and_why_and_is_one_line_of_the_journal(
    agent: Agent, incident: Incident
) -> None:
    key = api_keys.issue(agent.workspace, scope=Scope.TRIGGER, name="on call")

    shown = document(
        Caller(key.token).post(f"{PATH}/{incident.id}/acknowledge", {"note": "The provider is down"})
    )

    assert (shown["state"], shown["note"]) == ("acknowledged", "The provider is down")
    assert shown["acknowledged_by_id"] == key.key.actor
    again = document(Caller(key.token).post(f"{PATH}/{incident.id}/acknowledge"))
    assert again["acknowledged"] == shown["acknowledged"]
    assert again["note"] == "The provider is down"


def test_one_that_is_over_is_not_acknowledged(api: Caller, agent: Agent) -> None:
    over = make_incident(agent, closed_at=NOON)
    before = everything()

    assert_error(api.post(f"{PATH}/{over.id}/acknowledge"), 400, "incident_closed")

    assert everything() == before


@pytest.mark.parametrize(
    ("body", "param"),
    [({"note": 7}, "note"), ({"note": "x" * 501}, "note"), ({"other": "x"}, "other"), ([1], None)],
)
def test_a_wrong_body_changes_nothing(
    api: Caller, incident: Incident, body: object, param: str | None
) -> None:
    before = everything()

    assert_error(api.post(f"{PATH}/{incident.id}/acknowledge", body), 400, "invalid_request_body", param)

    assert everything() == before


def test_a_key_limited_to_an_agent_sees_what_is_about_it(agent: Agent, incident: Incident) -> None:
    other = make_agent(agent.workspace, key="other")
    make_incident(
        agent, rule="beat.stalled", subject="workspace", subject_id=str(agent.workspace_id), agent_id=""
    )
    limited = Caller(make_token(agent.workspace, Scope.TRIGGER, agents=[agent]))
    elsewhere = Caller(make_token(agent.workspace, Scope.TRIGGER, agents=[other]))

    assert ids(document(limited.get(PATH))) == [incident.id]
    assert ids(document(elsewhere.get(PATH))) == []
    assert_error(elsewhere.post(f"{PATH}/{incident.id}/acknowledge"), 404, "incident_not_found")


@pytest.mark.parametrize("unknown", ["01KPN29WWKSK0VDPJNTKZPVNRB", "x", "%00"])
def test_what_is_not_there_is_not_found(api: Caller, unknown: str) -> None:
    assert_error(api.get(f"{PATH}/{unknown}"), 404, "incident_not_found")


class TestRules:
    """What opens an incident."""

    def test_all_rules_are_listed_with_their_defaults(self, api: Caller) -> None:
        rules = {each["rule"]: each for each in document(api.get(RULES))["rules"]}

        assert (rules["agent.outage"]["threshold"], rules["agent.outage"]["window_seconds"]) == (5, 600)
        assert rules["schedule.failing"]["threshold"] == 1
        assert rules["schedule.auto_pause"]["is_enabled"] is False
        assert all(each["is_default"] and each["scope"] == "workspace" for each in rules.values())

    def test_the_narrowest_that_was_changed_holds_and_a_reset_takes_it_back(
        self, admin: Caller, schedule: Schedule
    ) -> None:
        path = f"{RULES}/schedule.failing"
        of_schedule = {"agent_key": schedule.agent.key, "schedule_id": schedule.id}

        document(admin.patch(path, {"threshold": 3}))
        shown = document(admin.patch(path, {"is_enabled": False, **of_schedule}))

        assert (shown["scope"], shown["schedule_id"], shown["is_enabled"]) == ("schedule", schedule.id, False)
        assert [each["scope"] for each in document(admin.get(RULES))["rules"] if not each["is_default"]] == [
            "workspace",
            "schedule",
        ]
        query = f"?agent={schedule.agent.key}&schedule={schedule.id}"
        assert admin.delete(path + query).status_code == 204
        assert AlertRule.objects.count() == 1

    def test_null_brings_a_number_back_to_its_default(self, admin: Caller) -> None:
        document(admin.patch(f"{RULES}/fire.late", {"threshold": 900}))

        assert document(admin.patch(f"{RULES}/fire.late", {"threshold": None}))["threshold"] == 300

    @pytest.mark.parametrize(
        ("rule", "body", "param"),
        [
            ("schedule.failing", {"threshold": 0}, "threshold"),
            ("schedule.failing", {"threshold": 101}, "threshold"),
            ("schedule.failing", {"window_seconds": 600}, "window_seconds"),
            ("fire.late", {"threshold": 59}, "threshold"),
            ("beat.stalled", {"threshold": 5}, "threshold"),
            ("agent.outage", {"window_seconds": 59}, "window_seconds"),
            ("beat.stalled", {"is_enabled": False, "agent_key": "digest"}, "agent"),
            ("fire.late", {"schedule_id": "01KPN29WWKSK0VDPJNTKZPVNRB"}, "agent_key"),
            ("fire.late", {"threshold": "600"}, "threshold"),
        ],
    )
    def test_what_a_rule_does_not_have_is_refused(
        self, admin: Caller, agent: Agent, rule: str, body: object, param: str
    ) -> None:
        before = everything()

        assert_error(admin.patch(f"{RULES}/{rule}", body), 400, "invalid_request_body", param)

        assert everything() == before

    def test_a_name_that_is_none_is_not_found(self, admin: Caller) -> None:
        assert_error(admin.patch(f"{RULES}/nothing", {"threshold": 1}), 404, "alert_rule_not_found")
        assert_error(admin.delete(f"{RULES}/nothing"), 404, "alert_rule_not_found")

    def test_an_agent_of_another_workspace_is_not_found(self, admin: Caller) -> None:
        theirs = make_agent(key="theirs")

        assert_error(
            admin.patch(f"{RULES}/fire.late", {"threshold": 600, "agent_key": theirs.key}),
            404,
            "agent_not_found",
        )


def test_a_schedule_that_the_service_paused_says_why(api: Caller, schedule: Schedule) -> None:
    editing.pause(schedule.id, "service", database_now(), note="n", reason=PauseReason.FAILURES)

    pause = document(api.get(f"/v3/agents/{schedule.agent.key}/schedules/{schedule.id}"))["pause"]

    assert (pause["reason"], pause["by_id"]) == ("repeated_failures", "service")
