"""What no run tells: the service as a whole, keys, audits; and what is over because its subject is gone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from pydantic import SecretStr

from orqsite.embedded.valkey import Valkey
from schedules import api_keys, editing
from schedules.alerts import watching
from schedules.health.report import broker_verdict
from schedules.models import (
    AlertRule,
    AuditResult,
    Delivery,
    MissedFiring,
    MissedReason,
    NextFire,
    ProcessKind,
    ProcessRegistration,
    Schedule,
    ScheduleHealth,
    Scope,
)
from schedules.models.process import this_process
from tests.factories import make_agent, make_incident, make_schedule, make_workspace
from tests.schedules.alerts.days import HOUR, MINUTE, fail, judge, open_incidents, succeed, tell, told
from tests.schedules.deliveries.alerts import make_webhook

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    broker_verdict.forget()
    yield
    broker_verdict.forget()


@pytest.fixture
def schedule(now: datetime) -> Schedule:
    """One that is not due, in a service that is well, whose workspace has an endpoint."""
    for kind in ProcessKind:
        this_process(kind, "test", 20).save(force_insert=True)
    made = make_schedule(make_agent(), now, display_name="Briefing")
    make_webhook(made.workspace)
    return made


def look(now: datetime) -> None:
    """As a process that has been there for long."""
    watching.check(now, HOUR)


def test_a_service_that_is_well_has_no_incidents(schedule: Schedule, now: datetime) -> None:
    look(now)

    assert not open_incidents()


@pytest.mark.parametrize(
    ("kind", "rule"), [(ProcessKind.BEAT, "beat.stalled"), (ProcessKind.WORKER, "workers.gone")]
)
def test_beats_or_workers_that_are_gone_are_told_once_and_their_return_too(
    schedule: Schedule, now: datetime, kind: ProcessKind, rule: str
) -> None:
    row = ProcessRegistration.objects.get(kind=kind)
    ProcessRegistration.objects.filter(id=row.id).update(last_seen_at=now - MINUTE)

    for second in range(0, 130, 10):
        look(now + timedelta(seconds=second))
        tell(now + timedelta(seconds=second))
    assert told() == [f"{rule}.opened"]
    ProcessRegistration.objects.filter(id=row.id).update(last_seen_at=now)
    look(now + 3 * MINUTE)
    tell(now + 4 * MINUTE)

    assert told() == [f"{rule}.recovered"]


def test_a_short_absence_is_nobodys_concern(schedule: Schedule, now: datetime) -> None:
    beats = ProcessRegistration.objects.filter(kind=ProcessKind.BEAT)
    beats.update(last_seen_at=now - MINUTE)
    look(now)
    beats.update(last_seen_at=now)

    look(now + timedelta(seconds=30))
    tell(now + 5 * MINUTE)

    assert told() == []


def test_a_broker_that_is_down_is_told_without_it(
    schedule: Schedule, now: datetime, own_broker: Valkey
) -> None:
    own_broker.kill()

    with pytest.MonkeyPatch.context() as patch:  # over before the fixture asks which broker is everybody's
        patch.setattr(settings, "ORQ", _with_broker(own_broker.url))
        look(now)
    tell(now + 2 * MINUTE)

    assert open_incidents()["broker.down"].signature == "unreachable"
    assert told() == ["broker.down.opened"]


def _with_broker(url: str) -> object:
    return settings.ORQ.model_copy(update={"redis_url": SecretStr(url)})


def test_findings_of_an_audit_are_an_incident_until_a_whole_audit_is_clean(
    schedule: Schedule, now: datetime
) -> None:
    made = {
        "since": now - DAY,
        "settled_until": now,
        "expected_count": 9,
        "duration": MINUTE,
        "is_whole": True,
    }
    AuditResult.objects.create(audited_at=now, accounted_count=8, finding_count=1, findings=["gap"], **made)
    look(now)
    assert open_incidents()["ledger.finding"].facts["finding_count"] == 1

    AuditResult.objects.create(audited_at=now, accounted_count=9, finding_count=0, **made)
    look(now + MINUTE)

    assert not open_incidents()


def test_a_key_that_ends_soon_is_an_incident_until_it_has_a_successor(
    schedule: Schedule, now: datetime
) -> None:
    key = api_keys.issue(schedule.workspace, scope=Scope.READ, name="CI", expires_at=now + 13 * DAY).key
    api_keys.issue(schedule.workspace, scope=Scope.READ, expires_at=now + 15 * DAY)
    look(now)
    [expiring] = open_incidents().values()
    assert (expiring.rule, expiring.subject_id, expiring.subject_name) == ("key.expiring", key.id, "CI")

    api_keys.rotate(key.id, now, overlap=DAY, expires_at=None)
    look(now)

    assert not open_incidents()


def test_a_workspace_without_schedules_is_not_told_of_the_service(now: datetime) -> None:
    make_webhook(make_workspace())

    look(now)

    assert not open_incidents()


def test_a_rule_that_is_off_opens_nothing(schedule: Schedule, now: datetime) -> None:
    ProcessRegistration.objects.all().delete()
    AlertRule.objects.create(workspace=schedule.workspace, rule="beat.stalled", is_enabled=False)

    look(now)

    assert set(open_incidents()) == {"workers.gone"}


def test_what_is_about_a_deleted_schedule_is_over(schedule: Schedule, now: datetime) -> None:
    fail(schedule, now - HOUR)
    judge(now)

    editing.delete(schedule.id, "user_anna", now)
    look(now + MINUTE)

    assert not open_incidents()


def test_flapping_is_over_when_the_window_has_passed_although_nothing_ran(
    schedule: Schedule, now: datetime
) -> None:
    AlertRule.objects.create(workspace=schedule.workspace, rule="schedule.failing", threshold=9)
    AlertRule.objects.create(
        workspace=schedule.workspace, rule="schedule.flapping", threshold=2, window_seconds=7200
    )
    fail(schedule, now - 3 * MINUTE)
    succeed(schedule, now - 2 * MINUTE)
    fail(schedule, now - MINUTE)
    judge(now)
    assert set(open_incidents()) == {"schedule.flapping"}

    NextFire.objects.update(fire_time=now + 5 * DAY)
    ProcessRegistration.objects.update(last_seen_at=now)
    look(now + 3 * HOUR)

    assert not open_incidents(schedule)


def test_what_was_missed_in_a_short_absence_is_told_after_all(schedule: Schedule, now: datetime) -> None:
    beats = ProcessRegistration.objects.filter(kind=ProcessKind.BEAT)
    beats.update(last_seen_at=now - MINUTE)
    look(now)
    beats.update(last_seen_at=now)
    look(now + timedelta(seconds=30))

    MissedFiring.objects.create(
        schedule=schedule,
        generation=1,
        first_fire_time=now - HOUR,
        last_fire_time=now,
        count=2,
        reason=MissedReason.COALESCED,
        recorded_at=now,
    )
    judge(now + MINUTE)
    tell(now + MINUTE)

    summaries = list(Delivery.objects.order_by("id").values_list("summary", flat=True))
    assert summaries[0] == "No beat is alive: nothing is fired"
    assert summaries[1].endswith("; meanwhile 2 fire times went by without a run")


def test_an_impossible_fire_time_keeps_nobody_from_looking(schedule: Schedule, now: datetime) -> None:
    ProcessRegistration.objects.filter(kind=ProcessKind.BEAT).delete()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("UPDATE schedules_nextfire SET fire_time = '-infinity'")

    look(now)

    assert "beat.stalled" in open_incidents()


def test_a_rule_that_is_switched_off_closes_what_it_has_opened(schedule: Schedule, now: datetime) -> None:
    fail(schedule, now - MINUTE)
    judge(now)
    AlertRule.objects.create(workspace=schedule.workspace, rule="schedule.failing", is_enabled=False)

    look(now + MINUTE)

    assert not open_incidents()


def test_what_is_open_of_a_rule_that_another_version_knows_hinders_nobody(
    schedule: Schedule, now: datetime
) -> None:
    make_incident(schedule.agent, now, rule="agent.of_tomorrow", told_at=None, tell_at=now, telling="opened")
    fail(schedule, now - MINUTE)
    judge(now)

    look(now)
    tell(now + 2 * MINUTE)

    assert told() == ["agent.of_tomorrow.opened", "schedule.failing.opened"]


def test_a_schedule_that_does_not_run_any_more_is_neither_late_nor_missed_and_nobody_is_reminded(
    schedule: Schedule, now: datetime
) -> None:
    for rule in ("fire.late", "fire.missed", "schedule.failing"):
        make_incident(
            schedule.agent,
            now,
            rule=rule,
            subject="schedule",
            subject_id=schedule.id,
            telling="reminder",
            tell_at=now + DAY,
        )

    editing.pause(schedule.id, "user_anna", now)
    look(now + MINUTE)

    [failing] = open_incidents().values()
    assert (failing.rule, failing.tell_at) == ("schedule.failing", None)


def test_health_is_remembered_while_an_incident_needs_it(schedule: Schedule, now: datetime) -> None:
    succeed(schedule, now - 40 * MINUTE, late=10 * MINUTE)
    judge(now)
    ScheduleHealth.objects.update(updated_at=now - 8 * DAY)

    look(now)

    assert ScheduleHealth.objects.exists()
    assert "fire.late" in open_incidents(schedule)


def test_a_key_that_has_expired_is_not_called_well(schedule: Schedule, now: datetime) -> None:
    api_keys.issue(schedule.workspace, scope=Scope.READ, name="CI", expires_at=now + DAY)
    look(now)
    tell(now + MINUTE)
    Delivery.objects.all().delete()

    look(now + 2 * DAY)
    tell(now + 2 * DAY)

    [message] = Delivery.objects.filter(type="key.expiring.recovered")
    assert message.summary == "API key CI has expired and works no more"
