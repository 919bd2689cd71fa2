"""Somebody holds an agent, a workspace or everything, and lifts it again; the service lifts what is over.

Each is one line of the journal, however much it stops.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Max

from schedules import actors, journal
from schedules.database.clock import time_to_act
from schedules.database.trusted_time import LEAP
from schedules.errors import InvalidRequest
from schedules.models import Agent, Hold, HoldScope, MissedFiring, MissedReason, Workspace
from schedules.models.hold import HoldQuerySet

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reach:
    """What is held: an agent of a workspace, a workspace, or (neither) everything."""

    workspace: Workspace | None = None
    agent: Agent | None = None

    @classmethod
    def of_agent(cls, agent: Agent) -> "Reach":
        """All schedules of an agent."""
        return cls(agent.workspace, agent)

    def __str__(self) -> str:
        if self.agent is not None:
            return f"agent {self.agent.key}"
        return "everything" if self.workspace is None else f"workspace {self.workspace.name}"

    @property
    def scope(self) -> HoldScope:
        """How much that is."""
        if self.agent is not None:
            return HoldScope.AGENT
        return HoldScope.EVERYTHING if self.workspace is None else HoldScope.WORKSPACE

    def open_holds(self) -> HoldQuerySet:
        """Its own hold that has not ended, never a wider or a narrower one."""
        workspace_id = self.workspace.pk if self.workspace is not None else None
        agent_id = self.agent.pk if self.agent is not None else None
        return Hold.objects.filter(
            scope=self.scope, workspace=workspace_id, agent=agent_id, ended_at=None
        ).select_related("workspace", "agent")


def hold(
    reach: Reach, actor: str, *, note: str = "", until: datetime | None = None, now: datetime | None = None
) -> Hold:
    """From now on nothing of it fires or starts; InvalidRequest for an `until` in the past, ClockLeapt.

    Held already: note and `until` are these from now on. `actor`: how whoever does it signs. `now`:
    None is the database's clock.
    """
    try:
        return _hold(reach, actor, note, until, now)
    except IntegrityError:  # somebody else held it at this moment: theirs is there now
        return _hold(reach, actor, note, until, now)


@transaction.atomic
def _hold(reach: Reach, actor: str, note: str, until: datetime | None, at: datetime | None) -> Hold:
    there = reach.open_holds().select_for_update(of=("self",), no_key=True).first()
    now = at or time_to_act()
    require_to_come(until, now)
    if there is not None and there.is_in_force(now):
        return _note_anew(there, note, until)
    if there is not None:
        _close(there, now)
    new = Hold.objects.create(
        scope=reach.scope,
        workspace=reach.workspace,
        agent=reach.agent,
        note=note,
        until_at=until,
        began_at=now,
        by_id=actor,
        by_name=actors.current().name[:150],
    )
    journal.record_act("hold", **_subject(new), changes=journal.first_values(_said(new)))
    return new


def _note_anew(there: Hold, note: str, until: datetime | None) -> Hold:
    before = _said(there)
    there.note, there.until_at = note, until
    there.save(update_fields=["note", "until_at"])
    journal.record_act("hold", **_subject(there), changes=journal.difference(before, _said(there)))
    return there


def require_to_come(until: datetime | None, now: datetime) -> None:
    """InvalidRequest for an end that is in the past."""
    if until is not None and until <= now:
        raise InvalidRequest("until is in the past; choose a later time", param="until")


@transaction.atomic
def release(reach: Reach, *, now: datetime | None = None) -> Hold | None:
    """Lift its hold, and no other: what that stopped goes on; None: it was not held. ClockLeapt.

    The time is read when the row is locked: a beat that goes by the hold has it locked too, so that no fire time
    after the end is missed. It ends after all that it has stopped, even where the clock was set back meanwhile.
    """
    there = reach.open_holds().select_for_update(of=("self",), no_key=True).first()
    now = now or time_to_act()
    if there is None:
        return None
    if not there.is_in_force(now):
        _close(there, now)
        return None
    _end(there, max(now, _last_missed(there, now) or now))
    journal.record_act("release", **_subject(there))
    return there


def _last_missed(row: Hold, now: datetime) -> datetime | None:
    """The newest fire time that it has stopped and that is still to come: the clock was set back since.

    What is further ahead than a clock is believed is of no time that there was.
    """
    reach = {"schedule__workspace": row.workspace_id, "schedule__agent": row.agent_id}
    newest: datetime | None = MissedFiring.objects.filter(
        reason=MissedReason.PAUSED,
        recorded_at__gt=now,
        last_fire_time__range=(now, now + LEAP),
        **{name: owner for name, owner in reach.items() if owner is not None},
    ).aggregate(newest=Max("last_fire_time"))["newest"]
    return newest


def close_over(now: datetime) -> int:
    """The service lifts the holds whose time is over; how many. They have stopped nothing since then."""
    closed = 0
    for hold_id in list(Hold.objects.over(now).values_list("id", flat=True)):
        with transaction.atomic():
            row = (
                Hold.objects.over(now)
                .filter(id=hold_id)
                .select_for_update(of=("self",), no_key=True, skip_locked=True)
                .select_related("workspace", "agent")
                .first()
            )
            if row is not None:  # None: another beat, or a person, was quicker
                _close(row, now)
                closed += 1
    return closed


def _close(row: Hold, now: datetime) -> None:
    """The act of the service, whoever comes by first."""
    _end(row, min(now, row.until_at or now))
    journal.record_act("release", **_subject(row), actor=actors.SERVICE)
    log.info("hold.ended", hold_id=row.id, scope=row.scope)


def _end(row: Hold, at: datetime) -> None:
    row.ended_at = at
    row.save(update_fields=["ended_at"])


def note_drained(row: Hold) -> None:
    """It has ended, and nothing is left that waited when it began: claims need not look at it any more."""
    Hold.objects.filter(id=row.id, ended_at__isnull=False).update(is_watched=False)


def _said(row: Hold) -> dict[str, Any]:
    return {"note": row.note, "until": row.until_at}


def _subject(row: Hold) -> dict[str, Any]:
    """What its lines are about."""
    return {
        "object_type": "hold",
        "object_id": row.id,
        "object_name": str(row),
        "workspace_id": row.workspace_id,
        "agent_id": row.agent_id,
    }
