"""Who is told what, and when: at the opening, at another cause, once a day, at the end, and never twice."""

import json
from collections import Counter
from datetime import timedelta

import pytest

from schedules import actors
from schedules.alerts.acknowledging import acknowledge
from schedules.alerts.rules import OPENING, RESUMED
from schedules.deliveries.alert import RULES as SUBSCRIBED
from schedules.models import Agent, AlertRule, Delivery, Incident, Schedule
from tests.factories import NOON, make_agent, make_schedule
from tests.schedules.alerts.days import HOUR, MINUTE, SECOND, fail, judge, minutes, succeed, tell, told
from tests.schedules.deliveries.alerts import make_webhook

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def schedule() -> Schedule:
    """One whose workspace has an endpoint."""
    made = make_schedule(display_name="Morning briefing")
    make_webhook(made.workspace)
    return made


def failed_at_noon(schedule: Schedule) -> Incident:
    fail(schedule, NOON)
    judge(NOON + 2 * SECOND)
    tell(NOON + 2 * MINUTE)
    assert told() == ["schedule.failing.opened"]
    return Incident.objects.get()


def test_a_message_leaves_a_minute_after_the_opening_once(schedule: Schedule) -> None:
    fail(schedule, NOON)
    judge(NOON)

    tell(NOON + 59 * SECOND)
    assert told() == []
    for second in (60, 62, 64):
        tell(NOON + second * SECOND)
    assert told() == ["schedule.failing.opened"]


def test_it_says_what_where_and_since_when(schedule: Schedule) -> None:
    run = fail(schedule, NOON, "agent_http_error", http_status=401)
    judge(NOON)

    tell(minutes(1))

    delivery = Delivery.objects.get()
    body = json.loads(delivery.body)
    assert delivery.summary == "Morning briefing fails (agent_http_error)"
    assert body["type"] == "schedule.failing.opened"
    assert body["data"] == {
        "incident_id": Incident.objects.get().id,
        "rule": "schedule.failing",
        "workspace_id": str(schedule.workspace_id),
        "subject": "schedule",
        "subject_id": schedule.id,
        "subject_name": "Morning briefing",
        "code": "agent_http_error",
        "count": 1,
        "opened_at": "2026-06-01T12:00:00Z",
        "duration_seconds": 60,
        "agent_id": schedule.agent_id,
        "agent_key": schedule.agent.key,
        "schedule_id": schedule.id,
        "run_id": run.id,
        "http_status": 401,
        "failures_in_row": 1,
    }


def test_while_it_lasts_there_is_a_reminder_a_day_and_at_its_end_how_long_it_took(schedule: Schedule) -> None:
    failed_at_noon(schedule)

    for hour in range(1, 50):
        tell(NOON + 2 * MINUTE + hour * HOUR)
    assert told() == ["schedule.failing.reminder"] * 2
    succeed(schedule, NOON + 50 * HOUR)
    judge(NOON + 50 * HOUR + 2 * SECOND)
    tell(NOON + 50 * HOUR + 4 * SECOND)

    over = Delivery.objects.get()
    assert over.type == "schedule.failing.recovered"
    assert over.summary == "Over after 2 d 2 h: schedule.failing of Morning briefing, seen once"
    assert over.is_end
    tell(NOON + 90 * HOUR)
    assert Delivery.objects.count() == 1


def test_acknowledged_means_quiet_until_the_end(schedule: Schedule) -> None:
    incident = failed_at_noon(schedule)
    with actors.acting(lambda: actors.Actor(actors.ActorKind.USER, "7", "anna")):
        acknowledge(schedule.workspace_id, incident.id, "user_anna", minutes(5), "The provider is down")

    tell(NOON + 3 * DAY)
    assert told() == []
    succeed(schedule, NOON + 3 * DAY)
    judge(NOON + 3 * DAY)
    tell(NOON + 3 * DAY)

    assert told() == ["schedule.failing.recovered"]
    incident.refresh_from_db()
    assert (incident.acknowledged_by_name, incident.note) == ("anna", "The provider is down")


def test_acknowledged_before_the_first_message_there_is_no_reminder_either(schedule: Schedule) -> None:
    fail(schedule, NOON)
    judge(NOON)
    incident = Incident.objects.get()
    acknowledge(schedule.workspace_id, incident.id, "user_anna", NOON + SECOND)
    Incident.objects.update(tell_at=minutes(1), telling="opened")  # as if it had been on its way already

    tell(minutes(1))
    tell(NOON + 2 * DAY)

    assert told() == ["schedule.failing.opened"]


def test_another_cause_is_told_at_once_also_when_the_first_was_acknowledged(schedule: Schedule) -> None:
    incident = failed_at_noon(schedule)
    acknowledge(schedule.workspace_id, incident.id, "user_anna", minutes(5))

    fail(schedule, NOON + HOUR, "agent_refused")
    judge(NOON + HOUR)
    tell(NOON + HOUR)

    assert told() == ["schedule.failing.changed"]


def test_a_failure_mended_within_the_minute_is_told_with_its_end(schedule: Schedule) -> None:
    fail(schedule, NOON)
    succeed(schedule, NOON + 5 * SECOND)
    judge(NOON + 10 * SECOND)

    tell(minutes(2))

    assert told() == ["schedule.failing.opened", "schedule.failing.recovered"]


def test_an_agent_that_is_down_is_told_once_with_the_number_of_its_schedules() -> None:
    agent = make_agent(key="briefing")
    make_webhook(agent.workspace)
    for number in range(30):
        fail(make_schedule(agent), NOON + number * SECOND)
        judge(NOON + number * SECOND)
        tell(NOON + number * SECOND)

    tell(minutes(3))

    delivery = Delivery.objects.get()
    assert delivery.type == "agent.outage.opened"
    assert delivery.summary == "Agent briefing is down: 30 of its schedules fail (agent_unreachable)"


def test_what_was_told_and_is_then_a_part_of_an_outage_is_told_to_be_that() -> None:
    agent = make_agent()
    make_webhook(agent.workspace)
    schedules = [make_schedule(agent) for _ in range(5)]
    fail(schedules[0], NOON)
    judge(NOON)
    tell(minutes(2))
    for schedule in schedules[1:]:
        fail(schedule, minutes(3))
    judge(minutes(4))

    tell(minutes(6))

    assert told() == ["schedule.failing.opened", "schedule.failing.absorbed", "agent.outage.opened"]


def test_more_than_twenty_in_a_minute_are_one_digest_and_no_second_one_that_minute() -> None:
    agents = [make_agent(key="a")]
    workspace = agents[0].workspace
    make_webhook(workspace)
    agents += [make_agent(workspace, key=f"agent-{number}") for number in range(24)]
    for agent in agents:
        fail(make_schedule(agent), NOON)
    judge(NOON)

    tell(minutes(1))
    digest = json.loads(Delivery.objects.get().body)
    assert told() == ["alerts.digest"]
    assert digest["data"]["incident_count"] == 25
    assert digest["data"]["counts"] == {"schedule.failing.opened": 25}
    for agent in agents:
        fail(make_schedule(agent), NOON + 20 * SECOND)
    judge(NOON + 20 * SECOND)
    tell(NOON + 90 * SECOND)
    assert told() == []
    tell(NOON + 125 * SECOND)
    assert told() == ["alerts.digest"]


def test_a_hundred_schedules_that_fail_at_once_are_one_message() -> None:
    agent = make_agent()
    make_webhook(agent.workspace)
    schedules = [make_schedule(agent) for _ in range(100)]
    for schedule in schedules:
        fail(schedule, NOON)
    judge(NOON)

    tell(minutes(1))

    assert told() == ["agent.outage.opened"]
    assert Incident.objects.open().count() == 1


def test_one_workspace_hears_nothing_of_another() -> None:
    mine, theirs = make_schedule(), make_schedule()
    make_webhook(theirs.workspace)

    fail(mine, NOON)
    judge(NOON)
    tell(minutes(1))

    assert told() == []
    assert Incident.objects.get().told_at == minutes(1)


def test_a_rule_that_is_off_tells_nothing(schedule: Schedule) -> None:
    AlertRule.objects.create(workspace=schedule.workspace, rule="schedule.failing", is_enabled=False)

    fail(schedule, NOON)
    judge(NOON)
    tell(minutes(1))

    assert told() == []


def test_endpoints_may_subscribe_to_all_rules_that_tell_something_and_to_no_others() -> None:
    assert set(SUBSCRIBED) == {*OPENING, RESUMED}


def test_pagerduty_gets_each_incident_and_no_digest() -> None:
    workspace = make_agent(key="a").workspace
    make_webhook(workspace)
    make_webhook(workspace, channel="pagerduty", target="0123456789abcdef0123456789abcdef")
    for number in range(25):
        fail(make_schedule(make_agent(workspace, key=f"agent-{number}")), NOON)
    judge(NOON)

    tell(minutes(1))

    by_channel = Counter(Delivery.objects.values_list("channel", "type"))
    assert by_channel == {("webhook", "alerts.digest"): 1, ("pagerduty", "schedule.failing.opened"): 25}


def test_a_critical_incident_is_told_by_itself_among_many() -> None:
    agent = make_agent(key="down")
    make_webhook(agent.workspace)
    for number in range(25):
        fail(make_schedule(make_agent(agent.workspace, key=f"agent-{number}")), NOON, "agent_refused")
    for _ in range(5):
        fail(make_schedule(agent), NOON)
    judge(NOON)

    tell(minutes(1))

    assert sorted(told()) == ["agent.outage.opened", "alerts.digest"]


def test_a_flood_of_one_workspace_does_not_hold_up_another() -> None:
    flooded, calm = make_agent(), make_schedule()
    for workspace in (flooded.workspace, calm.workspace):
        make_webhook(workspace)
    for number in range(25):
        fail(make_schedule(make_agent(flooded.workspace, key=f"agent-{number}")), NOON)
    judge(NOON)
    tell(minutes(1))
    told()

    for number in range(25):
        agent = Agent.objects.get(workspace=flooded.workspace, key=f"agent-{number}")
        fail(make_schedule(agent), NOON + 2 * SECOND)
    fail(calm, NOON + 3 * SECOND)
    judge(NOON + 4 * SECOND)
    tell(minutes(1.5))

    assert told() == ["schedule.failing.opened"]


def test_an_acknowledgement_before_the_first_message_is_quiet_and_not_blind(schedule: Schedule) -> None:
    fail(schedule, NOON)
    judge(NOON)
    acknowledge(schedule.workspace_id, Incident.objects.get().id, "user_anna", NOON + SECOND)
    tell(minutes(2))
    assert told() == []

    fail(schedule, minutes(3), "agent_refused")
    judge(minutes(3))
    tell(minutes(3))

    assert told() == ["schedule.failing.changed"]
