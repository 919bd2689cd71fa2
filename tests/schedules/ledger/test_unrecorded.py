"""Acts without a line: each way around the verbs is found; what the journal cannot know of is not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from schedules import agents, api_keys, editing, holds, journal
from schedules.actors import ActorKind
from schedules.database.clock import database_now
from schedules.database.ulids import lowest_ulid_at
from schedules.ledger import REMEDIES, Problem, audit
from schedules.models import Agent, ApiKey, Hold, JournalEntry, Run, RunState, Schedule, Scope, Webhook
from schedules.runs import transitions
from schedules.triggering import run_now
from tests.factories import DAILY, make_hold, make_incident, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Usual:
    """What people have done, each act with its line, in a journal that is a day old."""

    agent: Agent
    schedule: Schedule
    deleted: Schedule
    asked: Run
    cancelled: Run
    key: ApiKey
    now: datetime


def begin_journal(at: datetime) -> None:
    """Its oldest line."""
    fields: Any = {"actor_kind": ActorKind.SERVICE, "verb": "rotate", "object_type": "secrets", "changes": {}}
    JournalEntry.objects.create(id=lowest_ulid_at(at), at=at, **fields)


@pytest.fixture
def usual() -> Usual:
    now = database_now()
    begin_journal(now - 24 * HOUR)
    agent = agents.create(make_workspace(), "digest", {"runtime": "echo"})
    schedule, deleted = make_schedule(agent, now), make_schedule(agent, now)
    editing.update(schedule.id, {"expression": "@daily"}, "apk_x", now)
    editing.update(schedule.id, {"is_active": False}, "apk_x", now)
    editing.update(schedule.id, {"is_active": True}, "apk_x", now)
    editing.delete(deleted.id, "apk_x", now)
    asked, cancelled = run_now.trigger(schedule.id), run_now.trigger(schedule.id)
    transitions.cancel(cancelled.id, now)
    run_now.run_again(cancelled.id, now)
    holds.hold(holds.Reach(agent.workspace), "apk_x")
    holds.release(holds.Reach(agent.workspace))
    key = api_keys.issue(agent.workspace, scope=Scope.READ).key
    api_keys.revoke(key, now)
    return Usual(agent, schedule, deleted, asked, cancelled, key, now)


def found(usual: Usual, **kwargs: Any) -> list[str]:
    """What the audit says is unrecorded."""
    findings = audit(database_now() + timedelta(seconds=1), **kwargs).findings
    return [str(finding) for finding in findings if finding.problem == Problem.UNRECORDED]


def forget(**where: Any) -> None:
    """Take a line away, as somebody could who owns the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL orq.journal_retention TO 'on'")
    assert JournalEntry.objects.filter(**where).delete()[0] == 1


def test_what_the_verbs_do_is_all_recorded(usual: Usual) -> None:
    assert found(usual) == []


def _make_schedule(usual: Usual) -> None:
    fields: Any = {"type": "cron", "expression": DAILY, "anchor_at": usual.now, "is_active": False}
    Schedule.objects.create(
        agent=usual.agent, workspace=usual.agent.workspace, created_by_id="x", updated_at=usual.now, **fields
    )


def _forget_the_end_of_a_hold(usual: Usual) -> None:
    reach = holds.Reach.of_agent(usual.agent)
    holds.hold(reach, "apk_x")
    holds.release(reach)
    forget(object_type="hold", verb="release", agent_id=usual.agent.id)


WAYS: dict[str, tuple[Callable[[Usual], object], str]] = {
    "a schedule added": (_make_schedule, "it is at revision 1, and no line says how it came to be so"),
    "a revision more than the journal knows": (
        lambda usual: Schedule.objects.filter(id=usual.schedule.id).update(revision=5),
        "1 of the revisions from 1 to 5 have no line",
    ),
    "the line of an edit taken away": (
        lambda usual: forget(object_id=usual.schedule.id, revision=3),
        "1 of the revisions from 1 to 4 have no line",
    ),
    "the line of a deletion taken away": (
        lambda usual: forget(object_id=usual.deleted.id, verb="delete"),
        "1 of the revisions from 1 to 2 have no line",
    ),
    "a generation that no line began": (
        lambda usual: Schedule.objects.filter(id=usual.schedule.id).update(generation=4),
        "no line says that generation 4 began",
    ),
    "a manual run added": (
        lambda usual: make_run(usual.schedule, created_at=usual.now),
        "was asked for, and no line says by whom",
    ),
    "the line of a run now taken away": (
        lambda usual: forget(id=usual.asked.id),
        "was asked for, and no line says by whom",
    ),
    "a run cancelled": (
        lambda usual: Run.objects.filter(id=usual.asked.id).update(
            state=RunState.CANCELLED, finished_at=usual.now
        ),
        "was cancelled, and no line says by whom",
    ),
    "an agent added": (
        lambda usual: Agent.objects.create(workspace=usual.agent.workspace, key="new", runtime="echo"),
        "it was created, and no line says by whom",
    ),
    "an agent deleted": (
        lambda usual: Agent.objects.filter(id=usual.agent.id).update(deleted_at=usual.now),
        "it was deleted, and no line says by whom",
    ),
    "a key added": (
        lambda usual: ApiKey.objects.create(workspace=usual.agent.workspace),
        "it was issued, and no line says by whom",
    ),
    "a webhook added": (
        lambda usual: Webhook.objects.create(
            workspace=usual.agent.workspace,
            display_name="x",
            channel="webhook",
            target="https://example.com/x",
        ),
        "it was created, and no line says by whom",
    ),
    "an incident acknowledged": (
        lambda usual: make_incident(usual.agent, usual.now, acknowledged_at=usual.now),
        "it was acknowledged, and no line says by whom",
    ),
    "a hold added": (
        lambda usual: make_hold(usual.agent, usual.now),
        "it was made, and no line says by whom",
    ),
    "the line of a hold's end taken away": (
        lambda usual: _forget_the_end_of_a_hold(usual),
        "it was ended, and no line says by whom",
    ),
    "the line of a key's end taken away": (
        lambda usual: forget(object_id=usual.key.id, verb="revoke"),
        "it was revoked, and no line says by whom",
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_each_way_around_the_verbs_is_one_finding(usual: Usual, name: str) -> None:
    do, words = WAYS[name]

    do(usual)

    [finding] = found(usual)
    assert finding.startswith("unrecorded: ")
    assert words in finding
    assert Problem.UNRECORDED in REMEDIES


def test_an_agents_finding_names_the_agent(usual: Usual) -> None:
    Agent.objects.filter(id=usual.agent.id).update(deleted_at=usual.now)

    [finding] = found(usual)

    assert finding.startswith(f"unrecorded: agent {usual.agent.id} at ")


def test_what_was_done_before_there_was_a_journal_is_no_finding(usual: Usual) -> None:
    before = usual.now - 30 * HOUR
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL orq.journal_retention TO 'on'")
    JournalEntry.objects.filter(at__gt=usual.now - HOUR).delete()
    old_run = Run.objects.exclude(pk=usual.cancelled.pk)
    Schedule.objects.update(updated_at=before)
    old_run.update(created_at=before)
    Run.objects.filter(pk=usual.cancelled.pk).update(created_at=before, finished_at=before)
    Agent.objects.update(created_at=before)
    ApiKey.objects.update(created_at=before, revoked_at=before)
    Hold.objects.update(began_at=before, ended_at=before)

    assert found(usual) == []


def test_what_retention_has_deleted_is_no_finding(usual: Usual) -> None:
    begin_journal(usual.now + timedelta(seconds=30))

    journal.prune(database_now() + timedelta(seconds=20))

    assert JournalEntry.objects.count() == 1
    assert found(usual) == []


def test_a_schedule_whose_first_lines_are_pruned_still_misses_a_later_one(usual: Usual) -> None:
    forget(object_id=usual.schedule.id, revision=1)
    assert found(usual) == []

    forget(object_id=usual.schedule.id, revision=3)

    assert len(found(usual)) == 1


def test_without_a_journal_nothing_is_judged(usual: Usual) -> None:
    journal.prune(database_now() + HOUR)

    assert found(usual) == []


def test_of_one_schedule_or_since_a_time_only(usual: Usual) -> None:
    forget(object_id=usual.schedule.id, revision=3)
    Agent.objects.filter(id=usual.agent.id).update(deleted_at=usual.now)

    assert len(found(usual)) == 2
    assert len(found(usual, schedule_id=usual.schedule.id)) == 1
    assert found(usual, schedule_id=usual.deleted.id) == []
    assert found(usual, since=usual.now + timedelta(minutes=1)) == []
