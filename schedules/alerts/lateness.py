"""What starts late, and what was never fired: unless something wider is the reason, which then counts it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from schedules.alerts import rules
from schedules.alerts.book import STANDSTILLS, Book
from schedules.alerts.names import Names
from schedules.alerts.rules_in_force import RulesInForce
from schedules.expressions.instants import read_instant, rfc3339
from schedules.models import AlertEvent, AlertSignal, Incident, Subject

NOTICED_WITHIN: Final = timedelta(minutes=2)
"""A standstill began at most so long before its incident."""


class Standstills:
    """The times at which a workspace, or an agent, stood still as a whole."""

    def __init__(self, workspace_ids: Iterable[UUID], since: datetime) -> None:
        lasted = Q(closed_at=None) | Q(closed_at__gte=since)
        named = Incident.objects.filter(lasted, workspace__in=set(workspace_ids), absorbed_by="")
        self._all = list(named.filter(rule__in=(*STANDSTILLS, rules.SATURATED)).order_by("opened_at"))

    def at(self, signal: AlertSignal, *, is_saturation_one: bool) -> Incident | None:
        """The one in which the signal's run was due; None: something of its own is wrong."""
        for each in self._all:
            if each.workspace_id != signal.workspace_id or not _covers(each, signal.due_at):
                continue
            if each.rule != rules.SATURATED or (is_saturation_one and _is_about(each, signal.agent_id)):
                return each
        return None


class Lateness:
    """Judges the lateness of runs, and missed fire times."""

    def __init__(
        self,
        book: Book,
        in_force: RulesInForce,
        names: Names,
        workspace_ids: Iterable[UUID],
        signals: Sequence[AlertSignal],
    ) -> None:
        self._book, self._rules, self._names = book, in_force, names
        first = min(signal.due_at for signal in signals)
        self._standstills = Standstills(workspace_ids, first)

    def missed(self, signal: AlertSignal) -> bool:
        """Fire times that nobody had stopped have no run; whether an incident of the schedule tells of it."""
        rule = self._rules.of(rules.MISSED, signal.workspace_id, signal.agent_id, signal.schedule_id)
        if not rule.is_on:
            return False
        standstill = self._standstills.at(signal, is_saturation_one=False)
        if standstill is not None:
            _count_missed(standstill, signal.count, self._book.now)
            return False
        before = self._book.find(rules.MISSED, signal.schedule_id)
        self._book.report(
            rules.MISSED, self._names.about(signal), signal.code, self._range(signal, before), signal.count
        )
        return True

    def started(self, signal: AlertSignal) -> bool:
        """A run ended; whether an incident tells of how late it had started. One in time ends what was open."""
        if signal.lateness is None:
            return False
        rule = self._rules.of(rules.LATE, signal.workspace_id, signal.agent_id, signal.schedule_id)
        if signal.lateness < rule.threshold * 1000:
            self._in_time(signal)
            return False
        return rule.is_on and self._late(signal)

    def _late(self, signal: AlertSignal) -> bool:
        if self._standstills.at(signal, is_saturation_one=True) is not None:
            return False
        facts = {
            "agent_id": signal.agent_id,
            "agent_key": self._names.agent(signal.agent_id),
            "schedule_id": signal.schedule_id,
            "run_id": signal.run_id,
            "due_at": rfc3339(signal.due_at),
            "lateness_seconds": (signal.lateness or 0) // 1000,
        }
        self._book.report(rules.LATE, self._names.about(signal), "", facts)
        return True

    def _in_time(self, signal: AlertSignal) -> None:
        self._book.close(rules.LATE, signal.schedule_id)
        missed = self._book.find(rules.MISSED, signal.schedule_id)
        if missed is not None and signal.due_at > read_instant(missed.facts["last_fire_time"]):
            self._book.close(rules.MISSED, signal.schedule_id)

    def _range(self, signal: AlertSignal, before: Incident | None) -> dict[str, Any]:
        facts = before.facts if before is not None else {}
        first = rfc3339(signal.first_due_at or signal.due_at)
        return {
            "agent_id": signal.agent_id,
            "agent_key": self._names.agent(signal.agent_id),
            "schedule_id": signal.schedule_id,
            "first_fire_time": min(first, facts.get("first_fire_time", first)),
            "last_fire_time": max(rfc3339(signal.due_at), facts.get("last_fire_time", "")),
            "missed_count": facts.get("missed_count", 0) + signal.count,
        }


def _covers(incident: Incident, due_at: datetime) -> bool:
    ended, began = incident.closed_at, incident.opened_at - NOTICED_WITHIN
    if "waiting_since" in incident.facts:
        began = min(began, read_instant(incident.facts["waiting_since"]))
    return began <= due_at and (ended is None or due_at <= ended)


def _is_about(incident: Incident, agent_id: str) -> bool:
    """An agent without a free slot, or a whole workspace."""
    return incident.subject == Subject.WORKSPACE or incident.subject_id == agent_id


def _count_missed(incident: Incident, count: int, now: datetime) -> None:
    """Also of one that is over: its beats have come back, and have just said what was missed meanwhile.

    One that was over before anybody was told is told after all: nobody else tells of what was missed.
    """
    incident.facts = incident.facts | {"missed_count": incident.facts.get("missed_count", 0) + count}
    columns = {"facts": incident.facts}
    is_untold = incident.told_at is None and incident.acknowledged_at is None and incident.tell_at is None
    if incident.closed_at is not None and is_untold:
        columns |= {"telling": AlertEvent.OPENED, "tell_at": now}
    Incident.objects.filter(id=incident.id).update(**columns)
