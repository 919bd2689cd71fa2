"""Why did, or didn't, a schedule run at an instant? The answer in words and fields, from the ledger."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from schedules import holds
from schedules.expressions.instants import for_people
from schedules.limits.calls_in_flight import Waits
from schedules.models import (
    CadenceEpoch,
    DiscardReason,
    EpochEnd,
    Hold,
    MissedFiring,
    MissedReason,
    Run,
    RunState,
    Schedule,
)
from schedules.models.hold import HoldQuerySet


class Outcome(StrEnum):
    """What became of an instant."""

    RAN = "ran"
    MISSED = "missed"
    NOT_A_FIRE_TIME = "not_a_fire_time"
    NOT_ACTIVE = "not_active"
    TO_COME = "to_come"
    DUE = "due"
    UNACCOUNTED = "unaccounted"


@dataclass(frozen=True, slots=True)
class Explanation:
    """`words` for people; the fields for programs. `next_fire_time`: of that epoch, after the instant."""

    at: datetime
    outcome: Outcome
    words: str
    generation: int | None = None
    run: Run | None = None
    reason: str = ""
    next_fire_time: datetime | None = None


def explain(schedule: Schedule, at: datetime, now: datetime) -> Explanation:
    """What became of the instant `at` (aware UTC) of this schedule, as the ledger knows it at `now`."""
    epoch = _epoch_at(schedule, at)
    if epoch is None:
        return Explanation(at, Outcome.NOT_ACTIVE, _why_not_active(schedule, at))
    following = epoch.cadence.next_after(at)
    if _fire_time_at(epoch, at) is None:
        words = f"{for_people(at, with_fraction=True)} is not a fire time of {epoch.expression!r}; {_next(following)}"
        return Explanation(at, Outcome.NOT_A_FIRE_TIME, words, epoch.generation, next_fire_time=following)
    return _of_fire_time(schedule, epoch, at, now, following)


def _epoch_at(schedule: Schedule, at: datetime) -> CadenceEpoch | None:
    epoch = CadenceEpoch.objects.filter(schedule=schedule, began_at__lt=at).order_by("-generation").first()
    return epoch if epoch and (epoch.ended_at is None or at <= epoch.ended_at) else None


def _fire_time_at(epoch: CadenceEpoch, at: datetime) -> datetime | None:
    """`at` itself if the cadence says it: the fire time after the last microsecond before it."""
    just_before = at - datetime.resolution
    return at if epoch.cadence.next_after(just_before) == at else None


def _of_fire_time(
    schedule: Schedule, epoch: CadenceEpoch, at: datetime, now: datetime, following: datetime | None
) -> Explanation:
    run = schedule.runs.filter(generation=epoch.generation, fire_time=at).first()
    if run is not None:
        words = _run_words(run, now)
        return Explanation(at, Outcome.RAN, words, epoch.generation, run, run.reason, following)
    missed = schedule.missed_firings.filter(
        generation=epoch.generation, first_fire_time__lte=at, last_fire_time__gte=at
    ).first()
    if missed is not None:
        words = _missed_words(schedule, missed)
        return Explanation(at, Outcome.MISSED, words, epoch.generation, None, missed.reason, following)
    outcome, words = _unrecorded(schedule, at, now)
    return Explanation(at, outcome, words, epoch.generation, next_fire_time=following)


def _run_words(run: Run, now: datetime) -> str:
    late = f", {run.lateness.total_seconds():.1f} s after its fire time" if run.lateness else ""
    if run.state == RunState.DISCARDED and run.reason == DiscardReason.COALESCED:
        return "It fired late, and a newer fire time came before the run had started, whose run stands for it"
    if run.state == RunState.DISCARDED:
        hold = _hold_that_stopped(run) if run.reason == DiscardReason.SCHEDULE_INACTIVE else None
        why = f"; it was {holds.pause_of_hold(hold)}" if hold is not None else ""
        return f"It fired, but the run was discarded: {run.reason}{why}"
    if run.started_at is None:
        full = Waits(now).why(run)
        return f"It fired; the run is {run.state} and has not started{f'; it waits: {full}' if full else ''}"
    why = (
        f" ({run.error_code}: {run.error_message})" if run.error_code and run.state == RunState.FAILED else ""
    )
    return f"It ran: started {for_people(run.started_at)}{late}, attempt {run.attempt}, {run.state}{why}"


def _missed_words(schedule: Schedule, missed: MissedFiring) -> str:
    if missed.reason == MissedReason.PAUSED and (hold := _hold_that_took(schedule, missed)):
        return f"It did not run; it was {holds.pause_of_hold(hold)}"
    if missed.reason != MissedReason.COALESCED:
        cause = MissedReason(missed.reason).label
        return f"It did not run: {cause[0].lower()}{cause[1:]}"
    newer = (
        schedule.runs.filter(generation=missed.generation, fire_time__gt=missed.last_fire_time)
        .order_by("fire_time")
        .first()
    )
    instead = f"; the run of {for_people(newer.fire_time)} stands for it" if newer and newer.fire_time else ""
    return f"It did not run: no beat fired it in time, and {missed.count} late fire time(s) became one run{instead}"


def _hold_that_took(schedule: Schedule, missed: MissedFiring) -> Hold | None:
    """The widest hold under which these fire times went by: none where the schedule itself was paused."""
    ended_since = Q(ended_at=None) | Q(ended_at__gte=missed.first_fire_time)
    return _widest(_holds_on(schedule).filter(ended_since, began_at__lte=missed.recorded_at))


def _hold_that_stopped(run: Run) -> Hold | None:
    """The widest hold that found the run waiting, or under which it would have started."""
    if run.finished_at is None:
        return None
    ended_since = Q(ended_at=None) | Q(ended_at__gt=run.created_at)
    return _widest(_holds_on(run.schedule).filter(ended_since, began_at__lte=run.finished_at))


def _holds_on(schedule: Schedule) -> HoldQuerySet:
    return Hold.objects.reaching(schedule.workspace_id, schedule.agent_id).select_related(
        "workspace", "agent"
    )


def _widest(found: HoldQuerySet) -> Hold | None:
    return min(
        found, key=lambda hold: (hold.agent_id is not None, hold.workspace_id is not None), default=None
    )


def _unrecorded(schedule: Schedule, at: datetime, now: datetime) -> tuple[Outcome, str]:
    if at > now:
        unless = _unless_held(schedule, at, now)
        return Outcome.TO_COME, f"{for_people(at, with_fraction=True)} is still to come{unless}"
    is_due = schedule.next_fire_at is not None and at >= schedule.next_fire_at
    if schedule.has_impossible_fire_time or (is_due and schedule.is_held_back):
        return Outcome.DUE, f"It is due but held back: its next fire cannot be computed{_retried(schedule)}"
    if is_due:
        return Outcome.DUE, "It is due and waits for a beat to fire it"
    return (
        Outcome.UNACCOUNTED,
        "No record of it: its history was pruned, or the ledger has a gap (run the audit)",
    )


def _unless_held(schedule: Schedule, at: datetime, now: datetime) -> str:
    """What is to be missed, unless somebody lifts a hold before."""
    in_force = _holds_on(schedule).in_force(now)
    hold = _widest(in_force.filter(Q(until_at=None) | Q(until_at__gt=at)))
    return (
        f"; {holds.pause_of_hold(hold)}: it is missed unless that is lifted before"
        if hold is not None
        else ""
    )


def _retried(schedule: Schedule) -> str:
    until = schedule.suspended_until
    again = f"; suspended until {for_people(until)}, then tried again" if until is not None else ""
    return f"{again} (the log has schedule.cadence_failed; an edit of its expression mends it)"


def _why_not_active(schedule: Schedule, at: datetime) -> str:
    if at <= schedule.created_at:
        return f"The schedule was created {for_people(schedule.created_at)}"
    before = CadenceEpoch.objects.filter(schedule=schedule, ended_at__lt=at).order_by("-generation").first()
    if before is None or before.ended_at is None:
        return "The schedule was not active then"
    own = holds.own_pause(schedule) if before.generation == schedule.generation else None
    if own is not None and before.ended_by == EpochEnd.PAUSED:
        return f"The schedule was not active then: paused {for_people(before.ended_at)}{own.details}"
    cause = {
        EpochEnd.PAUSED: "paused",
        EpochEnd.DELETED: "deleted",
        EpochEnd.REPLACED: "given another cadence while paused",
    }[EpochEnd(before.ended_by)]
    return f"The schedule was not active then: {cause} {for_people(before.ended_at)}"


def _next(following: datetime | None) -> str:
    return f"the next is {for_people(following)}" if following else "there is none after it"
