"""The front page says what is wrong, to whom it concerns, and where to go."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from schedules.alerts.remedies import remedy_of
from schedules.alerts.rules import OPENING
from schedules.database.clock import database_now
from schedules.database.ulids import lowest_ulid_at
from schedules.health import report
from schedules.models import MissedFiring, ProcessKind, ProcessRegistration, Role, Run, RunState, Schedule
from schedules.models.process import this_process
from schedules.overview import recent
from tests.console.browser import forms_to, island_of, text_of
from tests.console.conftest import MakePerson
from tests.console.test_audits import make_audit
from tests.factories import make_agent, make_incident, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db
INDEX = reverse("admin:index")


@pytest.fixture(autouse=True)
def _asked_anew() -> None:
    """What another test has seen of the service is forgotten."""
    for verdict in (report.database_verdict, report.broker_verdict, report.recent_report):
        verdict.forget()


@pytest.fixture
def _all_alive() -> None:
    for kind in (ProcessKind.BEAT, ProcessKind.WORKER):
        process = this_process(kind, "1.0", 10)
        process.last_seen_at = database_now()
        process.save()


def fail(schedule: Schedule, count: int = 1, ago: timedelta = timedelta(minutes=3), **fields: Any) -> None:
    """So many failed runs of the schedule, made and ended so long ago."""
    at = database_now() - ago
    for number in range(count):
        id_ = lowest_ulid_at(at)[:-6] + f"{Run.objects.count() + number:06d}"
        values = {"state": RunState.FAILED, "finished_at": at, "reason": "agent_http_error"} | fields
        make_run(schedule, id=id_, manual_number=Run.objects.count() + 1, **values)


@pytest.mark.usefixtures("_all_alive")
def test_a_service_that_is_well_says_so(operator: Client) -> None:
    shown = text_of(operator.get(INDEX))

    assert "All is well: 1 beat, 1 worker with 0 calls" in shown
    assert "nothing has failed in the last 24 hours" in shown


def test_without_beats_and_workers_it_says_what_does_not_happen(operator: Client) -> None:
    shown = text_of(operator.get(INDEX))

    assert "No beat is alive: nothing fires" in shown
    assert "No worker is alive: no run starts" in shown
    assert "All is well" not in shown


@pytest.mark.usefixtures("_all_alive")
def test_failures_of_a_day_are_grouped_by_agent_and_reason(operator: Client) -> None:
    workspace = make_workspace()
    digest, triage = (make_schedule(make_agent(workspace, key)) for key in ("digest", "triage"))
    fail(digest, 3)
    fail(digest, 1, reason="agent_timeout")
    fail(triage, 2)
    fail(triage, 5, ago=timedelta(hours=25))

    page = operator.get(INDEX)

    shown = text_of(page)
    assert "6 runs failed in the last 24 hours" in shown
    groups = island_of(page, "failing")["failing"].groups
    assert [(group.agent_key, group.reason, group.count) for group in groups] == [
        ("digest", "agent http error", 3),
        ("triage", "agent http error", 2),
        ("digest", "agent timeout", 1),
    ]
    assert len(operator.get(groups[0].href).context["cl"].result_list) == 3
    assert groups[0].href.partition("?")[2] == groups[0].again_href.partition("?")[2]
    assert "All is well" not in shown


@pytest.mark.usefixtures("_all_alive")
def test_many_failures_are_counted_so_far(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MOST_RUNS", 4)
    fail(make_schedule(), 6)

    assert "4 or more runs failed" in text_of(operator.get(INDEX))


@pytest.mark.usefixtures("_all_alive")
def test_a_person_sees_what_fails_in_their_workspaces(person: MakePerson) -> None:
    own, foreign = (
        make_schedule(make_agent(key="own")),
        make_schedule(make_agent(make_workspace("other"), "x")),
    )
    fail(own, 1)
    fail(foreign, 2)
    now = database_now()
    MissedFiring.objects.create(
        schedule=foreign, generation=1, first_fire_time=now, last_fire_time=now, count=7, reason="coalesced"
    )

    shown = text_of(person(Role.VIEWER, own.workspace).get(INDEX))

    assert "1 run failed in the last 24 hours" in shown
    assert "instants missed" not in shown


@pytest.mark.usefixtures("_all_alive")
def test_what_was_missed_is_counted_in_instants(operator: Client) -> None:
    schedule, now = make_schedule(), database_now()
    for count, ago in ((7, 1), (2, 23), (100, 25)):
        at = now - timedelta(hours=ago)
        MissedFiring.objects.create(
            schedule=schedule,
            generation=1,
            first_fire_time=at,
            last_fire_time=at,
            count=count,
            reason="coalesced",
            recorded_at=at,
        )

    assert "9 instants missed in the last 24 hours" in text_of(operator.get(INDEX))


@pytest.mark.usefixtures("_all_alive")
def test_what_waits_too_long_is_told(operator: Client) -> None:
    make_run(make_schedule(), not_before=database_now() - timedelta(minutes=5))

    shown = text_of(operator.get(INDEX))

    assert "A run has waited for 5 min" in shown


@pytest.mark.usefixtures("_all_alive")
def test_all_is_not_well_while_an_incident_is_open(operator: Client) -> None:
    agent = make_agent(key="triage")
    incident = make_incident(agent, opened_at=database_now() - timedelta(hours=30))

    shown = text_of(operator.get(INDEX))

    assert "All is well" not in shown
    assert shown.count("Agent triage is down") >= 2  # the verdict, and the list
    assert "opened 1 d 6 h ago" in shown
    assert "Call the agent once by hand; while it is down, pause it." in shown

    operator.post(reverse("admin:schedules_incident_do", args=(incident.pk, "acknowledge")))

    seen = text_of(operator.get(INDEX))
    assert "All is well" in seen
    assert "1 acknowledged" in seen


@pytest.mark.usefixtures("_all_alive")
def test_an_incident_is_acknowledged_beside_its_words_by_who_may(person: MakePerson) -> None:
    incident = make_incident(make_agent())
    act = reverse("admin:schedules_incident_do", args=(incident.pk, "acknowledge"))

    operator, viewer = (
        person(role, incident.workspace, username=role) for role in (Role.OPERATOR, Role.VIEWER)
    )

    assert act in forms_to(operator.get(INDEX))
    assert act not in forms_to(viewer.get(INDEX))


def test_every_rule_that_opens_incidents_has_advice() -> None:
    assert {rule for rule in OPENING if not remedy_of(rule)} == set()


def test_a_frozen_beat_is_not_alive(operator: Client) -> None:
    process = this_process(ProcessKind.BEAT, "1.0")
    process.last_seen_at = database_now() - timedelta(minutes=5)
    process.save()

    assert "No beat is alive" in text_of(operator.get(INDEX))
    assert ProcessRegistration.objects.count() == 1


@pytest.mark.usefixtures("_all_alive")
def test_the_page_asks_few_questions_however_many_failed(operator: Client) -> None:
    schedules = [make_schedule(make_agent(key=f"a{number}")) for number in range(12)]
    for schedule in schedules:
        fail(schedule, 2)
    make_audit(5)
    make_audit(1, is_whole=False)
    operator.get(INDEX)

    with CaptureQueriesContext(connection) as queries:
        page = operator.get(INDEX)

    assert len(queries) <= 15
    assert island_of(page, "failing")["failing"].others == 4
