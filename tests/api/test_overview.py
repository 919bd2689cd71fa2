"""retrieve-overview: what is wrong, what failed and what was missed, as far as the key may look."""

from datetime import timedelta
from typing import Any

import pytest

from schedules.database.clock import database_now
from schedules.expressions.instants import rfc3339
from schedules.health import report
from schedules.models import Agent, MissedFiring, ProcessKind, Run, RunState, Schedule
from schedules.models.process import this_process
from schedules.overview import recent
from tests.api.caller import Caller, document
from tests.factories import NOON, make_agent, make_hold, make_incident, make_run, make_schedule, make_token

PATH = "/v3/overview"


@pytest.fixture(autouse=True)
def _asked_anew() -> None:
    """What another test has seen of the service is forgotten."""
    for verdict in (report.database_verdict, report.broker_verdict, report.recent_report):
        verdict.forget()


@pytest.fixture
def _all_alive(db: None) -> None:
    for kind in (ProcessKind.BEAT, ProcessKind.WORKER):
        process = this_process(kind, "1.0", 10)
        process.last_seen_at = database_now()
        process.save()


def fail(schedule: Schedule, reason: str = "agent_timeout", ago: timedelta = timedelta(minutes=3)) -> Run:
    """A run of the schedule that has just failed."""
    return make_run(schedule, state=RunState.FAILED, reason=reason, finished_at=database_now() - ago)


def miss(schedule: Schedule, count: int) -> None:
    """So many instants of the schedule were missed just now."""
    now = database_now()
    MissedFiring.objects.create(
        schedule=schedule,
        generation=1,
        first_fire_time=now,
        last_fire_time=now,
        count=count,
        reason="coalesced",
        recorded_at=now,
    )


@pytest.mark.usefixtures("_all_alive")
def test_a_service_that_is_well_says_so(api: Caller) -> None:
    shown = document(api.get(PATH))

    assert shown["is_well"]
    assert shown["concerns"] == []
    assert shown["processes"] == {"beats": 1, "workers": 1, "calls_in_flight": 0}
    assert shown["holds"] == []
    assert shown["incidents"] == {"open": 0, "acknowledged": 0}
    assert shown["failures"] == {"count": 0, "is_at_least": False, "groups": []}
    assert shown["missed_count"] == 0
    assert shown["ledger"] == {"verdict": "not_audited"}


@pytest.mark.usefixtures("_all_alive")
def test_an_incident_is_counted_until_somebody_has_seen_it(api: Caller, agent: Agent) -> None:
    incident = make_incident(agent)
    make_incident(make_agent())

    shown = document(api.get(PATH))
    assert (shown["is_well"], shown["incidents"]) == (False, {"open": 1, "acknowledged": 0})
    document(api.post(f"/v3/incidents/{incident.id}/acknowledge"))

    shown = document(api.get(PATH))
    assert (shown["is_well"], shown["incidents"]) == (True, {"open": 0, "acknowledged": 1})


def test_what_is_wrong_has_a_word_and_a_sentence(api: Caller) -> None:
    shown = document(api.get(PATH))

    assert not shown["is_well"]
    assert [(each["severity"], each["code"]) for each in shown["concerns"]] == [
        ("error", "no_beat"),
        ("error", "no_worker"),
    ]
    assert shown["concerns"][0]["message"].startswith("No beat is alive: nothing fires")


@pytest.mark.usefixtures("_all_alive")
def test_what_is_held_is_named_the_widest_first(api: Caller, schedule: Schedule) -> None:
    until = (database_now() + timedelta(days=2)).replace(microsecond=0)
    make_hold(schedule.agent, note="It breaks", until_at=until)
    make_hold()

    shown = document(api.get(PATH))

    assert not shown["is_well"]
    everything, agent = shown["holds"]
    assert everything == {
        "scope": "everything",
        "note": "The provider is down",
        "since": rfc3339(NOON),
        "by_id": "user_anna",
    }
    assert (agent["scope"], agent["agent_key"], agent["note"]) == ("agent", "digest", "It breaks")
    assert agent["until"] == rfc3339(until)


def test_a_hold_that_is_over_is_not_named(api: Caller, schedule: Schedule) -> None:
    make_hold(schedule.agent, ended_at=NOON)
    make_hold(schedule.workspace, until_at=NOON + timedelta(minutes=1))

    assert document(api.get(PATH))["holds"] == []


def test_a_key_sees_the_holds_that_stop_something_of_its_own_only(
    api: Caller, elsewhere: Caller, schedule: Schedule
) -> None:
    triage = make_agent(schedule.workspace, key="triage")
    limited = Caller(make_token(schedule.workspace, agents=[triage]))
    for of in (None, schedule.workspace, schedule.agent, triage):
        make_hold(of)

    seen = [
        [(each["scope"], each.get("agent_key")) for each in document(caller.get(PATH))["holds"]]
        for caller in (api, limited, elsewhere)
    ]

    wide = [("everything", None), ("workspace", None)]
    assert [sorted(each, key=str) for each in seen] == [
        sorted([*wide, ("agent", "digest"), ("agent", "triage")], key=str),
        sorted([*wide, ("agent", "triage")], key=str),
        [("everything", None)],
    ]


@pytest.mark.usefixtures("_all_alive")
def test_failures_are_grouped_by_agent_and_reason(api: Caller, schedule: Schedule) -> None:
    triage = make_schedule(make_agent(schedule.agent.workspace, key="triage"))
    for _ in range(2):
        fail(schedule)
    newest = fail(triage, "agent_failed")

    shown = document(api.get(PATH))

    groups: list[Any] = shown["failures"]["groups"]
    assert not shown["is_well"]
    assert shown["failures"]["count"] == 3
    assert [(each["agent_key"], each["reason"], each["count"]) for each in groups] == [
        ("digest", "agent_timeout", 2),
        ("triage", "agent_failed", 1),
    ]
    assert newest.finished_at is not None
    assert groups[1]["newest"] == newest.finished_at.isoformat().replace("+00:00", "Z")


@pytest.mark.usefixtures("_all_alive")
def test_many_failures_are_counted_so_far(
    api: Caller, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "MOST_RUNS", 2)
    for _ in range(3):
        fail(schedule)

    shown = document(api.get(PATH))["failures"]

    assert (shown["count"], shown["is_at_least"]) == (2, True)


@pytest.mark.usefixtures("_all_alive")
def test_a_key_sees_the_failures_of_its_workspace_and_agents_only(
    api: Caller, elsewhere: Caller, schedule: Schedule
) -> None:
    triage = make_schedule(make_agent(schedule.agent.workspace, key="triage"))
    limited = Caller(make_token(triage.workspace, agents=[triage.agent]))
    fail(schedule)
    miss(schedule, 7)
    miss(triage, 2)

    seen = [document(caller.get(PATH)) for caller in (api, limited, elsewhere)]

    assert [(each["failures"]["count"], each["missed_count"]) for each in seen] == [(1, 9), (0, 2), (0, 0)]
