"""People change schedules: create, update, pause, resume, delete. The generation rule lives here.

Every change takes the schedule's row lock first, so that a claim waits for it or it for the claim: once a change
has returned, no run of the old generation starts. Source: the contract, "Generation, counters, activity".
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypedDict

from django.db import transaction

from schedules import actors, holds, journal
from schedules.agents import check_fit, require_tag
from schedules.errors import PreconditionFailed, ScheduleNotFound
from schedules.expressions import InvalidExpression, admit
from schedules.expressions.invalid_expression import CRON_EXAMPLE, ONCE_EXAMPLE
from schedules.expressions.minimum import MINIMUM_CADENCE
from schedules.ledger import epochs
from schedules.limits import quotas
from schedules.models import Agent, DiscardReason, EpochEnd, PauseReason, Schedule, ScheduleType
from schedules.runs import transitions
from schedules.secrets import payloads
from schedules.secrets.payloads import Payload


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """What a person says of a new schedule; the payload as sent, secrets in clear."""

    type: str
    expression: str
    payload: Payload
    agent_tag: str | None = None
    display_name: str | None = None


class ScheduleChanges(TypedDict, total=False):
    """What a person says of an existing schedule: only what is named may change."""

    type: str
    expression: str
    payload: Payload
    agent_tag: str | None
    display_name: str | None
    is_active: bool
    pause_note: str
    pause_reason: str
    paused_until: datetime | None


@transaction.atomic
def create(agent: Agent, new: NewSchedule, actor: str, now: datetime) -> Schedule:
    """The agent's new schedule, active, generation 1; InvalidExpression, or a Refused that names what is wrong."""
    require_tag(agent, new.agent_tag)
    payload = _storable(agent, new.payload)
    payload_bytes = payloads.size(payload)
    fire_time = first_fire(new.type, new.expression, now)
    quotas.take_schedule(quotas.Owners(agent.workspace_id, agent.id), payload_bytes)
    schedule = Schedule.objects.create(
        workspace_id=agent.workspace_id,
        agent=agent,
        agent_tag=new.agent_tag,
        display_name=new.display_name,
        type=new.type,
        expression=new.expression,
        payload=payload,
        payload_bytes=payload_bytes,
        epoch_count=1,
        anchor_at=now,
        created_by_id=actor,
        created_at=now,
        updated_at=now,
    )
    epochs.begin(schedule, fire_time)
    journal.record(
        "create", schedule, journal.first_values(_masked(_recorded(schedule))), generation=1, revision=1
    )
    return schedule


def first_fire(type_: str, expression: str, now: datetime) -> datetime:
    """When a cadence that begins now first fires; InvalidExpression when it is refused or never does."""
    fire_time = admit(type_, expression).anchored_at(now).next_after(now)
    if fire_time is None:
        raise _never(type_)
    return fire_time


def _never(type_: str) -> InvalidExpression:
    if type_ == ScheduleType.ONCE:
        return InvalidExpression("the instant is in the past", example=ONCE_EXAMPLE)
    return InvalidExpression("it has no fire time within the next five years", example=CRON_EXAMPLE)


@transaction.atomic
def update(
    schedule_id: str,
    changes: ScheduleChanges,
    actor: str,
    now: datetime,
    expected: Collection[int] | None = None,
) -> Schedule:
    """The schedule with the changes applied; nothing is applied when one of them is refused.

    `expected`: the revisions the changes may be made to, PreconditionFailed for any other; None: every one.

    1. A change of `type` or `expression`: generation + 1, counters and cadence restart.
    2. Resuming: generation + 1, the cadence restarts, counters stay.
    3. Pausing: its pending runs are discarded. A `once` that has finished can be paused too.
    4. A `once` that has finished is active again with a new cadence, unless the changes pause it: an edit that comes
       just after the fire time must not be lost.
    5. A pause keeps who paused it, a note, and until when: see `pause`. It ends with the pause.
    6. Everything else leaves generation and cadence alone. No changes at all: nothing is written.
    """
    schedule = _locked_from_beats(schedule_id)
    _require_revision(schedule, expected)
    if not changes:
        return schedule
    now = _moment(schedule, now)
    before, generation = _recorded(schedule, changes), schedule.generation
    _apply_content(schedule, changes)
    was_on = schedule.is_active or schedule.is_finished
    discarded_count = _apply_cadence(schedule, changes, now)
    _apply_pause(schedule, changes, actor, now, was_on=was_on)
    schedule.updated_by_id = actor
    schedule.updated_at = now
    schedule.revision += 1
    schedule.save()
    journal.record(
        "update",
        schedule,
        _edits(before, _recorded(schedule, changes)),
        generation=schedule.generation if schedule.generation != generation else None,
        revision=schedule.revision,
        discarded_count=discarded_count,
    )
    return schedule


def pause(
    schedule_id: str,
    actor: str,
    now: datetime,
    *,
    note: str = "",
    until: datetime | None = None,
    reason: PauseReason | None = None,
) -> Schedule:
    """The schedule, paused; the service resumes it at `until` (None: nobody but people do). As `update`.

    `reason`: why the service does it, None for a person. Paused already: all three are these from now on.
    InvalidRequest for an `until` in the past.
    """
    holds.require_to_come(until, now)
    changes: ScheduleChanges = {
        "is_active": False,
        "pause_note": note,
        "pause_reason": reason.value if reason else "",
        "paused_until": until,
    }
    return update(schedule_id, changes, actor, now)


def resume(schedule_id: str, actor: str, now: datetime) -> Schedule:
    """The schedule, active again; one that is active, or has finished, stays as it is. As `update`."""
    schedule = Schedule.objects.live().select_related("agent", "next_fire").filter(id=schedule_id).first()
    if schedule is not None and (schedule.is_active or schedule.is_finished):
        return schedule
    return update(schedule_id, {"is_active": True}, actor, now)


@transaction.atomic
def resume_when_over(schedule_id: str, actor: str, now: datetime) -> bool:
    """Resume the schedule if it is paused until a time that has come; ScheduleNotFound.

    False: nothing was to do, or its cadence has no fire time left; then it stays paused, and nobody tries again.
    """
    schedule = _locked_from_beats(schedule_id)
    if schedule.is_active or schedule.paused_until is None or schedule.paused_until > now:
        return False
    try:
        with transaction.atomic():
            update(schedule_id, {"is_active": True}, actor, now)
    except InvalidExpression:
        update(
            schedule_id,
            {"is_active": False, "pause_note": schedule.pause_note, "paused_until": None},
            actor,
            now,
        )
        return False
    return True


_RECORDED: Final = (
    *(
        "type",
        "expression",
        "agent_tag",
        "display_name",
        "is_active",
        "pause_note",
        "pause_reason",
        "paused_until",
        "payload",
    ),
)


def _recorded(schedule: Schedule, changes: ScheduleChanges | None = None) -> dict[str, Any]:
    """What the journal is to have of it; the payload, which is long, only where it is new."""
    names = [name for name in _RECORDED if name != "payload" or changes is None or "payload" in changes]
    return {name: getattr(schedule, name) for name in names}


def _edits(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What is different now, in the journal's form."""
    secrets = payloads.changed_secrets(before.get("payload", {}), after.get("payload", {}))
    hidden = dict.fromkeys(secrets, journal.CHANGED)
    return journal.difference(_masked(before), _masked(after)) | hidden


def _masked(values: dict[str, Any]) -> dict[str, Any]:
    return values | ({"payload": payloads.masked(values["payload"])} if "payload" in values else {})


def locked(schedule_id: str) -> Schedule:
    """The live schedule, its row locked until the transaction ends; ScheduleNotFound. Beats go on firing it."""
    schedule = (
        Schedule.objects.live()
        .select_for_update(of=("self",), no_key=True)
        .select_related("agent")
        .filter(id=schedule_id)
        .first()
    )
    if schedule is None:
        raise ScheduleNotFound
    return schedule


def _locked_from_beats(schedule_id: str) -> Schedule:
    """As `locked`, and no beat fires it either. A beat locks next fires while it fires, and waits for no schedule."""
    schedule = locked(schedule_id)
    epochs.lock_next_fire(schedule)
    return schedule


def _require_revision(schedule: Schedule, expected: Collection[int] | None) -> None:
    """Under the row's lock: nobody can edit the schedule between this look and the change."""
    if expected is not None and schedule.revision not in expected:
        raise PreconditionFailed


def _moment(schedule: Schedule, now: datetime) -> datetime:
    """`now`, or the moment of what its row's lock was waited for, if that came later: history runs forwards.

    What lies further ahead is of a clock that was wrong for a while: the schedule does not follow that.
    """
    moments = (now, schedule.updated_at, epochs.last_recorded(schedule) or now)
    return max(moment for moment in moments if moment - now <= MINIMUM_CADENCE)


def _apply_content(schedule: Schedule, changes: ScheduleChanges) -> None:
    """Payload, tag and name: the next run uses them, the cadence does not notice."""
    if "agent_tag" in changes and changes["agent_tag"] != schedule.agent_tag:
        require_tag(schedule.agent, changes["agent_tag"])
        schedule.agent_tag = changes["agent_tag"]
    if "display_name" in changes:
        schedule.display_name = changes["display_name"]
    if "payload" in changes:
        _replace_payload(schedule, _storable(schedule.agent, changes["payload"], schedule.payload))


def _replace_payload(schedule: Schedule, payload: Payload) -> None:
    payload_bytes = payloads.size(payload)
    before = payloads.size(schedule.payload) if schedule.payload_bytes is None else schedule.payload_bytes
    if payload_bytes > before:
        quotas.take_bytes(_owners(schedule), payload_bytes - before)
    schedule.payload, schedule.payload_bytes = payload, payload_bytes


def _owners(schedule: Schedule) -> quotas.Owners:
    return quotas.Owners(schedule.workspace_id, schedule.agent_id)


def _storable(agent: Agent, payload: Payload, stored: Payload | None = None) -> Payload:
    """The payload as it is stored; InvalidRequest when its shape is wrong or the agent could never be sent it."""
    sealed = payloads.sealed(payloads.check(payload), stored)
    check_fit(agent, sealed)
    return sealed


def _apply_cadence(schedule: Schedule, changes: ScheduleChanges, now: datetime) -> int | None:
    """How many pending runs were discarded; None: nothing was paused."""
    type_ = changes.get("type", schedule.type)
    expression = changes.get("expression", schedule.expression)
    is_new_cadence = (type_, expression) != (schedule.type, schedule.expression)
    was_on = schedule.is_active or schedule.is_finished
    is_active = changes.get("is_active", was_on if is_new_cadence else schedule.is_active)
    is_paused = was_on and changes.get("is_active") is False
    discarded_count = None
    if is_new_cadence or is_paused or is_active != schedule.is_active:
        epochs.end(schedule, EpochEnd.PAUSED if is_paused else EpochEnd.REPLACED, now)
    if is_new_cadence or (is_active and not schedule.is_active):
        fire_time = first_fire(type_, expression, now)
        _restart(schedule, type_, expression, now)
        if is_active:
            epochs.begin(schedule, fire_time)
            schedule.epoch_count += 1
    if is_new_cadence:
        schedule.trigger_count = 0
    if is_paused:
        discarded_count = transitions.discard_pending(schedule.id, DiscardReason.SCHEDULE_INACTIVE, now)
        schedule.is_finished = False
    schedule.is_active = is_active
    return discarded_count


def _apply_pause(
    schedule: Schedule, changes: ScheduleChanges, actor: str, now: datetime, *, was_on: bool
) -> None:
    """What is on record of its pause: as long as it is paused, and no longer."""
    if schedule.is_active or schedule.is_finished or was_on:
        schedule.paused_at, schedule.paused_until, schedule.pause_note = None, None, ""
        schedule.paused_by_id = schedule.paused_by_name = schedule.pause_reason = ""
    if was_on and not (schedule.is_active or schedule.is_finished):
        schedule.paused_at, schedule.paused_by_id = now, actor
        schedule.paused_by_name = actors.current().name[:150]
    if not (schedule.is_active or schedule.is_finished) and "pause_note" in changes:
        schedule.pause_note, schedule.paused_until = changes["pause_note"], changes.get("paused_until")
        schedule.pause_reason = changes.get("pause_reason", "")


def _restart(schedule: Schedule, type_: str, expression: str, now: datetime) -> None:
    """A new generation begins: runs of the old one are stale from here."""
    schedule.type, schedule.expression = type_, expression
    schedule.generation += 1
    schedule.anchor_at = now
    schedule.is_finished = False


@transaction.atomic
def restart(schedule_id: str, actor: str, began_at: datetime, now: datetime) -> None:
    """The cadence of an active schedule begins again, at `began_at`, with a new generation; ScheduleNotFound."""
    schedule = _locked_from_beats(schedule_id)
    if not schedule.is_active:
        return
    fire_time = first_fire(schedule.type, schedule.expression, began_at)
    epochs.end(schedule, EpochEnd.REPLACED, now)
    _restart(schedule, schedule.type, schedule.expression, began_at)
    epochs.begin(schedule, fire_time)
    schedule.updated_by_id = actor
    schedule.updated_at = now
    schedule.revision += 1
    schedule.save()
    journal.record("restart", schedule, generation=schedule.generation, revision=schedule.revision)


@transaction.atomic
def delete(schedule_id: str, actor: str, now: datetime, expected: Collection[int] | None = None) -> None:
    """The schedule is gone for clients; its pending runs never start, its history stays until retention.

    `expected`: as for `update`.
    """
    schedule = _locked_from_beats(schedule_id)
    _require_revision(schedule, expected)
    now = _moment(schedule, now)
    epochs.end(schedule, EpochEnd.DELETED, now)
    schedule.deleted_at = schedule.updated_at = now
    schedule.updated_by_id = actor
    schedule.is_active = False
    schedule.is_finished = False
    schedule.revision += 1
    schedule.save()
    quotas.forget(_owners(schedule))
    discarded_count = transitions.discard_pending(schedule_id, DiscardReason.SCHEDULE_DELETED, now)
    journal.record("delete", schedule, revision=schedule.revision, discarded_count=discarded_count)
