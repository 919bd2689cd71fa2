"""A worker claims a run: what starts, what it starts with, and what is refused or discarded."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import DateTimeField

from schedules import editing
from schedules.models import (
    Agent,
    Run,
    RunState,
    Schedule,
)
from schedules.runs import claiming, finishing
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import NotClaimed
from tests.factories import NOON, make_agent, make_due_schedule, make_run, make_schedule
from tests.firing import fire
from tests.schedules.runs.claims import LEASE, claim, claimed, fresh
from workers.runtimes.base import CallFailed

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=1)
BROKEN = CallFailed("agent_http_error", "503", is_retryable=True)


def test_a_claim_starts_the_run_and_moves_the_schedules_counters() -> None:
    schedule = make_schedule(make_agent(tags=["v2"]), agent_tag="v2", payload={"input": "Hi"})

    outcome = claimed(make_run(schedule))

    assert (outcome.attempt, outcome.agent.key, outcome.agent_tag, outcome.payload) == (
        1,
        "digest",
        "v2",
        {"input": "Hi"},
    )
    run = Run.objects.get()
    assert (run.state, run.worker, run.started_at) == (RunState.RUNNING, "worker-a", NOON)
    assert run.lease_expires_at == NOON + LEASE
    schedule.refresh_from_db()
    assert (schedule.trigger_count, schedule.last_triggered_at) == (1, NOON)


def test_the_payload_is_read_at_the_claim_and_kept_for_retries() -> None:
    schedule = make_schedule(payload={"input": "one"})
    run = make_run(schedule)
    editing.update(schedule.id, {"payload": {"input": "two"}}, "apk_x", NOON)

    first = claimed(run)
    finishing.fail(first, BROKEN, NOON)
    editing.update(schedule.id, {"payload": {"input": "three"}}, "apk_x", NOON)
    Run.objects.update(not_before=NOON)
    second = claimed(run)

    assert (first.payload, second.payload) == ({"input": "two"}, {"input": "two"})
    assert (second.attempt, Schedule.objects.get().trigger_count) == (2, 1)


def test_the_agents_tag_is_read_at_the_first_claim_and_kept_for_retries() -> None:
    schedule = make_schedule(make_agent(tags=["v1", "v2", "v3"]), agent_tag="v1")
    run = make_run(schedule, agent_tag="v1")
    editing.update(schedule.id, {"agent_tag": "v2"}, "apk_x", NOON)

    first = claimed(run)
    finishing.fail(first, BROKEN, NOON)
    editing.update(schedule.id, {"agent_tag": "v3"}, "apk_x", NOON)
    Run.objects.update(not_before=NOON)
    second = claimed(run)

    assert (first.agent_tag, second.agent_tag, fresh(run).agent_tag) == ("v2", "v2", "v2")


def test_a_claims_agent_has_all_that_its_row_has() -> None:
    agent = make_agent(
        extra_body={"temperature": 0.5, "nested": [{"a": None}]},
        extra_headers={"X-Team": "ü"},
        sealed_signing_secrets=["one", "two"],
        read_timeout=timedelta(days=1, seconds=3, microseconds=7),
        max_in_flight=3,
        stream=True,
    )

    claimed_agent = claimed(make_run(make_schedule(agent))).agent

    names = [field.attname for field in Agent._meta.concrete_fields if not isinstance(field, DateTimeField)]
    assert [getattr(claimed_agent, name) for name in names] == [getattr(agent, name) for name in names]


@pytest.mark.parametrize(
    "change",
    [
        {"read_timeout": timedelta(seconds=7)},
        {"sealed_credential": "another"},
        {"extra_headers": {"X-Team": "other"}},
        {"max_attempts": 1},
    ],
)
def test_a_changed_agent_is_the_next_claims(change: dict[str, Any]) -> None:
    schedule = make_schedule()
    finishing.succeed(claimed(make_run(schedule)).run_id, 1, NOON)
    Agent.objects.update(**change)

    after = claimed(make_run(schedule)).agent

    assert {name: getattr(after, name) for name in change} == change


def test_only_one_of_two_workers_gets_the_run() -> None:
    run = make_run(make_schedule())

    assert isinstance(claim(run, "worker-a"), Claimed)
    assert claim(run, "worker-b") is NotClaimed.NOT_PENDING
    assert fresh(run).worker == "worker-a"
    assert Schedule.objects.get().trigger_count == 1


def test_a_run_is_not_claimed_before_its_time() -> None:
    run = make_run(make_schedule(), not_before=NOON + timedelta(microseconds=1))

    assert claim(run) is NotClaimed.TOO_EARLY
    assert fresh(run).state == RunState.PENDING
    assert Schedule.objects.get().trigger_count == 0


def test_a_message_of_another_generation_or_run_starts_nothing() -> None:
    run = make_run(make_schedule())

    assert claim(run, generation=2) is NotClaimed.WRONG_GENERATION
    assert claiming.claim("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1, "w", NOON, LEASE) is NotClaimed.UNKNOWN
    assert fresh(run).state == RunState.PENDING


def test_a_message_of_the_schedules_generation_starts_no_older_run() -> None:
    schedule = make_schedule()
    run = make_run(schedule)
    editing.update(schedule.id, {"expression": "0 0 10 * * *"}, "apk_x", NOON)

    assert claim(run, generation=2) is NotClaimed.WRONG_GENERATION
    assert fresh(run).state == RunState.PENDING


def test_a_stale_generation_is_discarded() -> None:
    schedule = make_schedule()
    run = make_run(schedule)
    editing.update(schedule.id, {"expression": "0 0 10 * * *"}, "apk_x", NOON)

    assert claim(run) is NotClaimed.DISCARDED
    assert (fresh(run).state, fresh(run).reason) == (RunState.DISCARDED, "stale_generation")
    schedule.refresh_from_db()
    assert schedule.trigger_count == 0


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"is_active": False}, "schedule_inactive"),
        ({"is_active": False, "deleted_at": NOON}, "schedule_deleted"),
        ({"is_active": False, "deleted_at": NOON, "is_finished": True}, "schedule_deleted"),
    ],
)
def test_a_run_of_a_schedule_that_is_gone_or_inactive_is_discarded(
    facts: dict[str, Any], reason: str
) -> None:
    run = make_run(make_schedule())
    Schedule.objects.update(**facts)

    assert claim(run) is NotClaimed.DISCARDED
    assert fresh(run).reason == reason


def test_the_run_of_a_once_that_switched_itself_off_still_executes() -> None:
    make_due_schedule()
    fire(NOON, 10)

    assert isinstance(claim(Run.objects.get()), Claimed)


def test_a_retry_of_a_paused_once_does_not_start() -> None:
    schedule = make_due_schedule(due_at=NOON + timedelta(hours=1))
    manual = make_run(schedule)
    first = claimed(manual)
    editing.update(schedule.id, {"is_active": False}, "apk_x", NOON)
    finishing.fail(first, BROKEN, NOON)
    Run.objects.update(not_before=NOON)

    assert claim(manual) is NotClaimed.DISCARDED
    assert fresh(manual).reason == "schedule_inactive"
