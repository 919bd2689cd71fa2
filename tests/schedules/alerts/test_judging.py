"""What ended runs make of their schedules: failing, flapping, a part of their agent's outage, or well again."""

from datetime import timedelta

import pytest

from schedules import editing
from schedules.models import AlertRule, AlertSignal, Incident, ScheduleHealth, TriggerKind
from tests.factories import NOON, make_agent, make_incident, make_schedule
from tests.schedules.alerts.days import HOUR, SECOND, fail, judge, minutes, open_incidents, succeed

pytestmark = pytest.mark.django_db


def test_a_final_failure_opens_one_incident_and_the_next_ones_count_in_it() -> None:
    schedule = make_schedule()

    for hour in range(3):
        fail(schedule, NOON + hour * HOUR)
        judge(NOON + hour * HOUR + 2 * SECOND)

    [incident] = Incident.objects.all()
    assert (incident.rule, incident.subject_id, incident.signature) == (
        "schedule.failing",
        schedule.id,
        "agent_unreachable",
    )
    assert (incident.count, incident.facts["failures_in_row"]) == (3, 3)
    assert incident.opened_at == NOON + 2 * SECOND


def test_a_success_closes_it_and_leaves_nothing_behind_but_the_failures_of_the_day() -> None:
    schedule = make_schedule()
    fail(schedule, NOON)
    judge(minutes(1))

    succeed(schedule, NOON + HOUR)
    judge(NOON + HOUR + 2 * SECOND)

    [incident] = Incident.objects.all()
    assert incident.closed_at == NOON + HOUR + 2 * SECOND
    assert ScheduleHealth.objects.get().failure_count == 0


def test_a_success_of_a_schedule_that_was_well_is_not_signalled_at_all() -> None:
    succeed(make_schedule(), NOON)

    assert not AlertSignal.objects.exists()


def test_a_failure_that_was_mended_before_anybody_looked_is_on_record_and_over() -> None:
    schedule = make_schedule()
    fail(schedule, NOON)
    succeed(schedule, NOON + HOUR)

    judge(NOON + 2 * HOUR)

    [incident] = Incident.objects.all()
    assert incident.rule == "schedule.failing"
    assert not incident.is_open


def test_what_a_person_tries_out_opens_nothing() -> None:
    schedule = make_schedule()

    fail(schedule, NOON, trigger=TriggerKind.MANUAL, fire_time=None)
    judge(minutes(1))

    assert not Incident.objects.exists()


def test_what_a_person_tries_out_leaves_no_signal() -> None:
    fail(make_schedule(), NOON, trigger=TriggerKind.MANUAL, fire_time=None)

    assert not AlertSignal.objects.exists()


def test_a_success_that_a_person_asked_for_anew_closes_it_and_a_run_now_does_not() -> None:
    schedule = make_schedule()
    failed = fail(schedule, NOON)
    judge(minutes(1))

    succeed(schedule, minutes(2), trigger=TriggerKind.MANUAL, fire_time=None)
    judge(minutes(3))
    assert "schedule.failing" in open_incidents(schedule)
    succeed(schedule, minutes(4), trigger=TriggerKind.MANUAL, fire_time=None, again_of=failed.id)
    judge(minutes(5))

    assert not open_incidents(schedule)


def test_a_workspace_may_ask_for_more_failures_and_a_schedule_for_none_of_it() -> None:
    agent = make_agent()
    patient, silent = make_schedule(agent), make_schedule(agent)
    AlertRule.objects.create(workspace=agent.workspace, rule="schedule.failing", threshold=2)
    AlertRule.objects.create(
        workspace=agent.workspace, schedule=silent, rule="schedule.failing", is_enabled=False
    )

    for hour in range(2):
        for schedule in (patient, silent):
            fail(schedule, NOON + hour * HOUR)
        judge(NOON + hour * HOUR + SECOND)
        assert len(open_incidents(patient)) == hour
    assert not open_incidents(silent)


def test_a_job_that_fails_seven_times_of_fifteen_is_flapping() -> None:
    schedule = make_schedule()
    failing_hours = {1, 3, 5, 7, 9, 11, 13}

    for hour in range(15):
        (fail if hour in failing_hours else succeed)(schedule, NOON + hour * HOUR)
        judge(NOON + hour * HOUR + 2 * SECOND)

    flapping = open_incidents(schedule)["schedule.flapping"]
    assert flapping.opened_at == NOON + 5 * HOUR + 2 * SECOND
    assert flapping.facts["failures_in_window"] == 7
    assert list(open_incidents(schedule)) == ["schedule.flapping"]


def test_a_job_that_always_fails_is_failing_and_nothing_else() -> None:
    schedule = make_schedule()

    for hour in range(8):
        fail(schedule, NOON + hour * HOUR)
        judge(NOON + hour * HOUR + SECOND)

    assert list(open_incidents(schedule)) == ["schedule.failing"]


def test_a_job_that_always_fails_does_not_flap_while_patience_is_asked_for() -> None:
    schedule = make_schedule()
    AlertRule.objects.create(workspace=schedule.workspace, rule="schedule.failing", threshold=5)

    for hour in range(4):
        fail(schedule, NOON + hour * HOUR)
        judge(NOON + hour * HOUR + SECOND)

    assert not open_incidents(schedule)


def test_flapping_ends_when_the_window_holds_fewer_failures() -> None:
    schedule = make_schedule()
    for hour in range(6):
        (fail if hour % 2 else succeed)(schedule, NOON + hour * HOUR)
        judge(NOON + hour * HOUR + SECOND)
    assert list(open_incidents(schedule)) == ["schedule.flapping"]

    succeed(schedule, NOON + 26 * HOUR)
    judge(NOON + 26 * HOUR + SECOND)

    assert not open_incidents(schedule)


def test_an_agent_that_is_down_is_one_incident_however_many_schedules_it_has() -> None:
    agent = make_agent()
    schedules = [make_schedule(agent) for _ in range(30)]

    for number, schedule in enumerate(schedules):
        fail(schedule, NOON + number * SECOND)
        if number % 7 == 2:
            judge(NOON + number * SECOND + SECOND)
    judge(minutes(1))

    [outage] = Incident.objects.open()
    assert (outage.rule, outage.subject_id, outage.signature) == (
        "agent.outage",
        agent.id,
        "agent_unreachable",
    )
    absorbed = Incident.objects.exclude(id=outage.id)
    assert {each.absorbed_by for each in absorbed} <= {outage.id}
    assert not absorbed.filter(tell_at__isnull=False).exists()


def test_that_runs_of_an_agent_wait_for_a_slot_is_a_part_of_its_outage() -> None:
    agent = make_agent()
    saturated = make_incident(agent, NOON, rule="agent.saturated", told_at=None)

    for number in range(5):
        fail(make_schedule(agent), NOON + number * SECOND)
    judge(minutes(1))

    assert list(open_incidents(agent)) == ["agent.outage"]
    saturated.refresh_from_db()
    assert saturated.absorbed_by


def test_the_first_success_of_the_agent_ends_its_outage() -> None:
    agent = make_agent()
    for number in range(6):
        fail(make_schedule(agent), NOON + number * SECOND)
    judge(minutes(1))
    assert "agent.outage" in open_incidents(agent)

    succeed(make_schedule(agent), minutes(30))
    judge(minutes(31))

    assert not open_incidents()


def test_schedules_that_go_on_failing_after_the_outage_have_incidents_of_their_own() -> None:
    agent = make_agent()
    schedules = [make_schedule(agent) for _ in range(6)]
    for schedule in schedules:
        fail(schedule, NOON)
    judge(minutes(1))
    succeed(schedules[0], minutes(30))
    judge(minutes(31))

    fail(schedules[1], minutes(60))
    judge(minutes(61))

    assert list(open_incidents(schedules[1])) == ["schedule.failing"]
    assert not open_incidents(agent)


def test_many_failing_schedules_of_an_agent_that_works_for_others_are_no_outage() -> None:
    agent = make_agent()
    failing = [make_schedule(agent) for _ in range(6)]
    healthy = make_schedule(agent)

    for schedule in failing[:3]:
        fail(schedule, NOON)
    succeed(healthy, NOON + 2 * SECOND)
    for schedule in failing[3:]:
        fail(schedule, NOON + 3 * SECOND)
    judge(minutes(1))

    assert not open_incidents(agent)
    assert Incident.objects.open().count() == 6


def test_another_cause_of_the_outage_is_told_at_once_and_wakes_who_had_acknowledged_it() -> None:
    agent = make_agent()
    schedules = [make_schedule(agent) for _ in range(5)]
    for schedule in schedules:
        fail(schedule, NOON)
    judge(minutes(1))
    Incident.objects.update(told_at=minutes(2), tell_at=None, telling="", acknowledged_at=minutes(3))

    for schedule in schedules:
        fail(schedule, minutes(60), "agent_http_error", http_status=401)
    judge(minutes(61))

    outage = open_incidents(agent)["agent.outage"]
    assert (outage.signature, outage.telling, outage.tell_at) == ("agent_http_error", "changed", minutes(61))
    assert outage.acknowledged_at is None


def test_a_schedule_that_fails_hopelessly_is_paused_where_the_rule_is_on() -> None:
    agent = make_agent()
    paused, transient = make_schedule(agent), make_schedule(agent)
    AlertRule.objects.create(
        workspace=agent.workspace, rule="schedule.auto_pause", threshold=3, is_enabled=True
    )

    for hour in range(3):
        fail(paused, NOON + hour * HOUR, "agent_http_error", http_status=404)
        fail(transient, NOON + hour * HOUR, "agent_http_error", http_status=503)
        judge(NOON + hour * HOUR + SECOND)

    paused.refresh_from_db()
    transient.refresh_from_db()
    assert (paused.is_active, paused.pause_reason, paused.paused_by_id) == (
        False,
        "repeated_failures",
        "service",
    )
    assert transient.is_active
    assert list(open_incidents(paused)) == ["schedule.paused"]


def test_without_that_rule_nothing_is_paused() -> None:
    schedule = make_schedule()

    for hour in range(9):
        fail(schedule, NOON + hour * HOUR, "agent_refused")
        judge(NOON + hour * HOUR + SECOND)

    schedule.refresh_from_db()
    assert schedule.is_active


def test_a_success_in_between_counts_hopeless_failures_anew() -> None:
    schedule = make_schedule()
    AlertRule.objects.create(
        workspace=schedule.workspace, rule="schedule.auto_pause", threshold=3, is_enabled=True
    )

    for hour in range(6):
        if hour == 2:
            succeed(schedule, NOON + hour * HOUR)
        else:
            fail(schedule, NOON + hour * HOUR, "agent_refused")
        judge(NOON + hour * HOUR + SECOND)
        schedule.refresh_from_db()
        assert schedule.is_active == (hour < 5)


def test_resuming_ends_the_incident_of_the_pause_and_the_next_failure_does_not_pause_again() -> None:
    schedule = make_schedule()
    AlertRule.objects.create(
        workspace=schedule.workspace, rule="schedule.auto_pause", threshold=2, is_enabled=True
    )
    for hour in range(2):
        fail(schedule, NOON + hour * HOUR, "agent_refused")
        judge(NOON + hour * HOUR + SECOND)

    resumed = editing.resume(schedule.id, "user_anna", NOON + 3 * HOUR)
    fail(resumed, NOON + 4 * HOUR, "agent_refused")
    judge(NOON + 4 * HOUR + timedelta(seconds=1))

    resumed.refresh_from_db()
    assert (resumed.is_active, resumed.pause_reason) == (True, "")


def test_a_success_right_after_the_last_failure_keeps_the_schedule_active() -> None:
    schedule = make_schedule()
    AlertRule.objects.create(
        workspace=schedule.workspace, rule="schedule.auto_pause", threshold=2, is_enabled=True
    )

    for hour in range(2):
        fail(schedule, NOON + hour * HOUR, "agent_refused")
    succeed(schedule, NOON + 2 * HOUR)
    judge(NOON + 3 * HOUR)

    schedule.refresh_from_db()
    assert schedule.is_active


def test_of_two_causes_at_once_the_first_one_stays() -> None:
    agent = make_agent()
    for _ in range(5):
        fail(make_schedule(agent), NOON, "agent_timeout")
    judge(NOON + SECOND)
    Incident.objects.update(told_at=NOON, telling="", tell_at=None)

    for _ in range(5):
        fail(make_schedule(agent), NOON + 2 * SECOND, "agent_unreachable")
    judge(NOON + 3 * SECOND)

    outage = open_incidents(agent)["agent.outage"]
    assert (outage.signature, outage.telling) == ("agent_timeout", "")


def test_an_agent_departs_from_its_workspace_only_in_what_it_names() -> None:
    schedule = make_schedule()
    workspace, agent = schedule.workspace, schedule.agent
    AlertRule.objects.create(workspace=workspace, rule="schedule.auto_pause", is_enabled=True)
    AlertRule.objects.create(workspace=workspace, agent=agent, rule="schedule.auto_pause", threshold=2)

    for hour in range(2):
        fail(schedule, NOON + hour * HOUR, "agent_refused")
    judge(NOON + 2 * HOUR)

    schedule.refresh_from_db()
    assert not schedule.is_active
