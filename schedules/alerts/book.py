"""The book of incidents: opened, seen again, absorbed and closed in memory, then written at one go."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from schedules.alerts import rules
from schedules.models import AlertEvent, Incident, Subject

PATIENCE: Final = timedelta(seconds=60)
"""So long after its opening the first message leaves, unless a wider incident absorbs it."""

STANDSTILLS: Final = (rules.BEATS, rules.WORKERS, rules.BROKER, rules.CLOCK)
"""The whole service stands still: what is late or missed meanwhile belongs to that."""

_PASSING: Final = frozenset({*STANDSTILLS, rules.SATURATED})
"""What is over before anybody was told needs no telling. Of a failed run people hear even when it was mended."""

_WRITTEN: Final = (
    *("signature", "facts", "count", "seen_at", "closed_at", "absorbed_by", "acknowledged_at"),
    *("acknowledged_by_id", "acknowledged_by_name", "tell_at", "telling"),
)


@dataclass(frozen=True, slots=True)
class About:
    """What an incident is about. `agent_id`: the agent it concerns, "" if none."""

    workspace_id: UUID
    subject: Subject
    id: str
    name: str = ""
    agent_id: str = ""


class Book:
    """The open incidents that a round may touch. Whoever uses it holds the lock of `alone`."""

    def __init__(self, now: datetime, which: Q) -> None:
        self.now = now
        self._open = {(each.rule, each.subject_id): each for each in Incident.objects.open().filter(which)}
        self._new: list[Incident] = []
        self._changed: dict[str, Incident] = {}

    @property
    def workspace_ids(self) -> set[UUID]:
        """Of all that were read."""
        return {incident.workspace_id for incident in self._open.values()}

    def find(self, rule: str, subject_id: str) -> Incident | None:
        """The open one."""
        return self._open.get((rule, subject_id))

    def open_of(self, rule: str) -> Iterator[Incident]:
        """All open ones of a rule that were read."""
        yield from [each for (name, _), each in self._open.items() if name == rule]

    def report(
        self, rule: str, about: About, signature: str, facts: dict[str, Any], count: int = 1
    ) -> Incident:
        """It is wrong: the incident is open from now on, or was seen again; another cause is told at once."""
        incident = self._open.get((rule, about.id))
        if incident is None:
            return self._opened(rule, about, signature, facts, count)
        incident.count += count
        incident.seen_at, incident.facts = self.now, incident.facts | facts
        if incident.signature != signature:
            _change(incident, signature, self.now)
        self._changed[incident.id] = incident
        return incident

    def count(self, incident: Incident, count: int = 1, **facts: Any) -> None:
        """Something that belongs to it has happened."""
        incident.count += count
        incident.seen_at, incident.facts = self.now, incident.facts | facts
        self._changed[incident.id] = incident

    def hush(self, incident: Incident) -> None:
        """There is no reminder of it any more; its end is told all the same."""
        if incident.telling == AlertEvent.REMINDER:
            incident.telling, incident.tell_at = "", None
            self._changed[incident.id] = incident

    def close(self, rule: str, subject_id: str) -> None:
        """It is right again; nothing happens if it was not wrong."""
        incident = self._open.pop((rule, subject_id), None)
        if incident is None:
            return
        incident.closed_at = self.now
        if _is_known(incident):
            # What was missed while all stood still is told with its end.
            pause = PATIENCE if rule in STANDSTILLS else timedelta(0)
            incident.telling, incident.tell_at = AlertEvent.RECOVERED, self.now + pause
        elif rule in _PASSING:
            incident.telling, incident.tell_at = "", None
        self._changed[incident.id] = incident

    def absorb(self, rules: Iterable[str], subject_id: str, into: Incident) -> None:
        """Incidents of these rules about the subject are a part of another one from now on."""
        for rule in rules:
            incident = self._open.pop((rule, subject_id), None)
            if incident is not None and incident is not into:
                self._absorb(incident, into)

    def absorb_open(self, rule: str, agent_id: str, signature: str, into: Incident) -> None:
        """Those of an agent's schedules that have the same cause."""
        for incident in list(self.open_of(rule)):
            if incident.agent_id == agent_id and incident.signature == signature:
                del self._open[rule, incident.subject_id]
                self._absorb(incident, into)

    def save(self) -> None:
        """Write what has become of them."""
        new = {incident.id for incident in self._new}
        Incident.objects.bulk_create(self._new, batch_size=500)
        changed = [each for each in self._changed.values() if each.id not in new]
        if changed:
            Incident.objects.bulk_update(changed, _WRITTEN, batch_size=200)

    def _opened(self, rule: str, about: About, signature: str, facts: dict[str, Any], count: int) -> Incident:
        incident = Incident(
            workspace_id=about.workspace_id,
            rule=rule,
            subject=about.subject,
            subject_id=about.id,
            subject_name=about.name[:255],
            agent_id=about.agent_id,
            signature=signature,
            facts=facts,
            count=count,
            opened_at=self.now,
            seen_at=self.now,
            telling=AlertEvent.OPENED,
            tell_at=self.now + PATIENCE,
        )
        self._new.append(incident)
        self._open[rule, about.id] = incident
        return incident

    def _absorb(self, incident: Incident, into: Incident) -> None:
        """Who was told that it began is told that it is a part of something else; nobody else is told anything."""
        incident.closed_at, incident.absorbed_by = self.now, into.id
        is_known = _is_known(incident)
        incident.telling = AlertEvent.ABSORBED if is_known else ""
        incident.tell_at = self.now if is_known else None
        self._changed[incident.id] = incident


def _is_known(incident: Incident) -> bool:
    """Somebody was told of it, or has seen it by themselves."""
    return incident.told_at is not None or incident.acknowledged_at is not None


def _change(incident: Incident, signature: str, now: datetime) -> None:
    """Whoever acknowledged it acknowledged another cause."""
    incident.signature = signature
    if not _is_known(incident):
        return
    incident.telling, incident.tell_at = AlertEvent.CHANGED, now
    incident.acknowledged_at = None
    incident.acknowledged_by_id = incident.acknowledged_by_name = ""
