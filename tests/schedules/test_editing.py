"""People change schedules: the generation rule, row by row of the contract's table."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schedules import editing
from schedules.errors import AgentNotFound, InvalidRequest, ScheduleNotFound
from schedules.expressions import InvalidExpression
from schedules.models import DiscardReason, RunState, Schedule
from schedules.runs import claiming
from schedules.secrets import payloads
from schedules.secrets.masking import MASK
from tests.factories import NOON, make_agent, make_due_schedule, make_run, make_schedule
from tests.firing import fire

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=3)
ACTOR = "apk_editor"


def change(schedule: Schedule, **changes: Any) -> Schedule:
    return editing.update(schedule.id, changes, ACTOR, LATER)  # type: ignore[arg-type]


def facts(schedule: Schedule) -> dict[str, Any]:
    names = ("generation", "trigger_count", "next_fire_at", "anchor_at", "is_active", "expression", "type")
    return {name: getattr(schedule, name) for name in names}


def test_a_new_schedule_is_active_of_generation_one_and_knows_its_next_fire() -> None:
    schedule = make_schedule(expression="0 30 9 * * *")

    assert (schedule.generation, schedule.trigger_count, schedule.is_active) == (1, 0, True)
    assert schedule.last_triggered_at is None
    assert schedule.next_fire_at == datetime(2026, 6, 2, 9, 30, tzinfo=UTC)


def test_an_interval_is_anchored_at_its_creation_rounded_to_the_second() -> None:
    schedule = make_schedule(type="interval", expression="@every 90m", now=NOON + timedelta(milliseconds=600))

    assert schedule.next_fire_at == NOON + timedelta(minutes=90, seconds=1)


@pytest.mark.parametrize(
    "changes", [{"expression": "0 0 10 * * *"}, {"type": "interval", "expression": "@every 2h"}]
)
def test_a_change_of_cadence_restarts_it(changes: dict[str, str]) -> None:
    schedule = make_schedule()
    Schedule.objects.update(trigger_count=7)

    changed = change(schedule, **changes)

    assert (changed.generation, changed.trigger_count, changed.anchor_at) == (2, 0, LATER)
    assert changed.next_fire_at is not None
    assert changed.next_fire_at > LATER
    assert changed.updated_by_id == ACTOR


def test_repeating_the_stored_values_changes_nothing_but_updated() -> None:
    schedule = make_schedule(
        payload={"input": "Hi", "variables": {"key": {"secret": True, "value": "s3cr3t"}}}
    )
    before = facts(schedule)

    changed = change(
        schedule,
        type="cron",
        expression=schedule.expression,
        is_active=True,
        payload={"input": "Hi", "variables": {"key": {"secret": True, "value": "s3cr3t"}}},
    )

    assert facts(changed) == before
    assert changed.payload == schedule.payload
    assert changed.updated_at == LATER


def test_no_changes_write_nothing() -> None:
    schedule = make_schedule()

    changed = change(schedule)

    assert changed.updated_at == NOON
    assert changed.updated_by_id is None


def test_payload_tag_and_name_leave_the_cadence_alone() -> None:
    schedule = make_schedule(make_agent(tags=["v2"]))
    before = facts(schedule)

    changed = change(schedule, payload={"input": "new"}, agent_tag="v2", display_name="Digest")

    assert facts(changed) == before
    assert (changed.payload, changed.agent_tag, changed.display_name) == ({"input": "new"}, "v2", "Digest")


def test_null_clears_tag_and_name() -> None:
    schedule = make_schedule(make_agent(tags=["v2"]), agent_tag="v2", display_name="Digest")

    changed = change(schedule, agent_tag=None, display_name=None)

    assert (changed.agent_tag, changed.display_name) == (None, None)


def test_pausing_keeps_the_generation_and_discards_pending_runs() -> None:
    schedule = make_schedule()
    pending, running = make_run(schedule), make_run(schedule, state=RunState.RUNNING, lease_expires_at=LATER)

    changed = change(schedule, is_active=False)

    assert (changed.generation, changed.is_active, changed.next_fire_at) == (1, False, None)
    pending.refresh_from_db()
    running.refresh_from_db()
    assert (pending.state, pending.reason) == (RunState.DISCARDED, "schedule_inactive")
    assert running.state == RunState.RUNNING


def test_resuming_is_a_new_generation_that_never_fires_for_the_past() -> None:
    schedule = make_schedule(type="interval", expression="@every 1h")
    Schedule.objects.update(trigger_count=7)
    change(schedule, is_active=False)

    resumed = change(schedule, is_active=True)

    assert (resumed.generation, resumed.trigger_count) == (2, 7)
    assert resumed.next_fire_at == LATER + timedelta(hours=1)


def test_a_new_cadence_and_resuming_in_one_change_is_one_generation() -> None:
    schedule = make_schedule()
    change(schedule, is_active=False)

    resumed = change(schedule, is_active=True, expression="0 0 10 * * *")

    assert (resumed.generation, resumed.is_active) == (2, True)


def test_a_new_cadence_of_a_paused_schedule_leaves_it_paused() -> None:
    schedule = make_schedule()
    change(schedule, is_active=False)

    changed = change(schedule, expression="0 0 10 * * *")

    assert (changed.generation, changed.is_active, changed.next_fire_at) == (2, False, None)


def test_a_fired_once_needs_a_new_instant_to_be_resumed() -> None:
    schedule = make_due_schedule()
    fire(NOON, 10)

    with pytest.raises(InvalidExpression, match="past"):
        change(schedule, is_active=True)
    resumed = change(schedule, is_active=True, expression="@at 2026-06-02T00:00:00Z")

    assert (resumed.generation, resumed.is_active, resumed.is_finished) == (2, True, False)


def finished_once() -> Schedule:
    schedule = make_due_schedule(type="once", expression="@at 2026-06-01T12:00:00Z")
    fire(NOON, 10)
    schedule.refresh_from_db()
    assert schedule.is_finished
    return schedule


@pytest.mark.parametrize(
    "cadence",
    [{"expression": "@at 2026-06-02T00:00:00Z"}, {"type": "cron", "expression": "0 0 10 * * *"}],
    ids=["moved", "made a cron"],
)
def test_a_finished_once_goes_on_with_a_new_cadence(cadence: dict[str, str]) -> None:
    schedule = finished_once()

    moved = change(schedule, **cadence)

    assert (moved.generation, moved.is_active, moved.is_finished) == (2, True, False)
    assert moved.next_fire_at is not None
    assert moved.next_fire_at > LATER
    [run] = moved.runs.all()
    assert claiming.why_stale(moved, run.generation) == DiscardReason.STALE_GENERATION


def test_a_finished_once_moved_and_paused_by_the_same_edit_is_paused() -> None:
    moved = change(finished_once(), expression="@at 2026-06-02T00:00:00Z", is_active=False)

    assert (moved.generation, moved.is_active, moved.is_finished) == (2, False, False)
    assert moved.next_fire_at is None


def test_a_finished_once_that_is_paused_never_starts_its_run_and_stays_paused_when_moved() -> None:
    schedule = finished_once()

    paused = change(schedule, is_active=False)
    moved = change(schedule, expression="@at 2026-06-02T00:00:00Z")

    [run] = paused.runs.all()
    assert (run.state, run.reason) == (RunState.DISCARDED, DiscardReason.SCHEDULE_INACTIVE)
    assert (paused.generation, paused.is_finished) == (1, False)
    assert (moved.generation, moved.is_active, moved.next_fire_at) == (2, False, None)


def test_a_new_name_leaves_a_finished_once_finished() -> None:
    changed = change(finished_once(), display_name="Once")

    assert (changed.generation, changed.is_active, changed.is_finished) == (1, False, True)


@pytest.mark.parametrize(
    ("type_", "expression"),
    [
        ("once", "@at 2026-06-01T12:00:00Z"),  # not strictly to come
        ("cron", "0 0,30 9 * * *"),
        ("interval", "@every 59m59s"),
        ("cron", "0 0 0 30 2 *"),
        ("cron", "@every 1h"),
        ("weekly", "0 0 9 * * *"),
    ],
)
def test_a_refused_expression_changes_nothing(type_: str, expression: str) -> None:
    schedule = make_schedule()
    before = facts(schedule)

    with pytest.raises(InvalidExpression):
        make_schedule(schedule.agent, type=type_, expression=expression)
    with pytest.raises(InvalidExpression):
        editing.update(
            schedule.id, {"type": type_, "expression": expression, "display_name": "x"}, ACTOR, NOON
        )

    assert Schedule.objects.count() == 1
    schedule.refresh_from_db()
    assert facts(schedule) == before
    assert schedule.display_name is None


def test_an_unknown_tag_is_refused() -> None:
    schedule = make_schedule(make_agent(tags=["v2"]))

    with pytest.raises(AgentNotFound, match="v3"):
        change(schedule, agent_tag="v3")
    with pytest.raises(AgentNotFound):
        make_schedule(schedule.agent, agent_tag="v3")


def test_deleting_discards_pending_runs_and_keeps_the_history() -> None:
    schedule = make_schedule()
    run = make_run(schedule)

    editing.delete(schedule.id, ACTOR, LATER)

    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.DISCARDED, "schedule_deleted")
    assert run.schedule.deleted_at == LATER
    with pytest.raises(ScheduleNotFound):
        change(schedule, display_name="x")
    with pytest.raises(ScheduleNotFound):
        editing.delete(schedule.id, ACTOR, LATER)


def test_a_mask_sent_back_keeps_the_stored_secret() -> None:
    schedule = make_schedule(
        payload={"input": "Hi", "variables": {"key": {"secret": True, "value": "s3cr3t"}}}
    )
    mask = {"secret": True, "value": MASK}

    changed = change(schedule, payload={"input": "new", "variables": {"key": mask}})

    assert payloads.opened(changed.payload) == {
        "input": "new",
        "variables": {"key": {"secret": True, "value": "s3cr3t"}},
    }


def test_a_mask_with_nothing_behind_it_is_refused() -> None:
    schedule = make_schedule()

    with pytest.raises(InvalidRequest, match="no secret is stored"):
        change(schedule, payload={"input": "Hi", "variables": {"key": {"secret": True, "value": MASK}}})
