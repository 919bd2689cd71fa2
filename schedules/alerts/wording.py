"""What an alert says: one sentence for people, facts for programs. Codes and our own words, never an agent's."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse

from schedules import lengths
from schedules.alerts import rules
from schedules.alerts.rules import rule_of
from schedules.deliveries.alert import Alert
from schedules.expressions.instants import for_people, read_instant, rfc3339
from schedules.models import AlertEvent, Incident

_SENTENCES: Final = {
    rules.FAILING: "{name} fails ({signature}){in_a_row}",
    rules.FLAPPING: "{name} fails again and again: {failures_in_window} times in {window}, last with {signature}",
    rules.OUTAGE: "Agent {name} is down: {schedule_count} of its schedules fail ({signature})",
    rules.MISSED: "{name} was not fired {range}",
    rules.LATE: "{name} is late by {lateness}",
    rules.PAUSED: "{name} was paused by the service after {failures_in_row} failures ({signature})",
    rules.SATURATED: "Runs of {name} wait for a free slot: {in_flight} of {limit} calls in flight",
    rules.LEDGER: "The audit of the whole ledger has {findings}",
    rules.BEATS: "No beat is alive: nothing is fired",
    rules.WORKERS: "No worker is alive: nothing is run",
    rules.BROKER: "The broker {broker_state}",
    rules.CLOCK: "The database's clock is {ahead} ahead: nothing is fired",
    rules.KEY: "API key {name} expires at {expires_at}",
}
_PREFIXES: Final = {
    AlertEvent.OPENED: "",
    AlertEvent.CHANGED: "Another cause: ",
    AlertEvent.REMINDER: "Still: ",
}


def alert_about(incident: Incident, event: AlertEvent, now: datetime) -> Alert:
    """The message that says what has become of an incident."""
    is_over = event in (AlertEvent.RECOVERED, AlertEvent.ABSORBED)
    return Alert(
        type=f"{incident.rule}.{event.value}",
        workspace_id=incident.workspace_id,
        incident_id=incident.id,
        created_at=now,
        severity=rules.INFO if is_over else rule_of(incident.rule).severity,
        summary=summary(incident, event),
        data=data_of(incident, now),
        ends=is_over,
    )


def summary(incident: Incident, event: AlertEvent) -> str:
    """One sentence."""
    if event == AlertEvent.RECOVERED:
        if incident.rule == rules.KEY and _is_expired(incident):
            return f"API key {_name(incident)} has expired and works no more"
        ended = incident.closed_at or incident.seen_at
        lasted = lengths.length(ended - incident.opened_at)
        missed = incident.facts.get("missed_count", 0) if incident.rule != rules.MISSED else 0
        also = f"; meanwhile {_several(missed, 'fire time')} went by without a run" if missed else ""
        return (
            f"Over after {lasted}: {incident.rule} of {_name(incident)}, seen {_times(incident.count)}{also}"
        )
    if event == AlertEvent.ABSORBED:
        return f"{incident.rule} of {_name(incident)} is a part of incident {incident.absorbed_by}"
    return _PREFIXES[event] + sentence(incident)


def sentence(incident: Incident) -> str:
    """What is wrong."""
    facts = incident.facts
    values: dict[str, Any] = {
        "failures_in_row": 1, "schedule_count": 0, "missed_count": 0, "finding_count": 0, "in_flight": 0, "limit": 0,
        "failures_in_window": 0, "first_fire_time": "", "last_fire_time": "", "expires_at": "", "broker_state": "",
        **facts,
        "rule": incident.rule,
        "in_a_row": _in_a_row(facts.get("failures_in_row", 1)),
        "range": _range(facts),
        "name": _name(incident),
        "findings": _several(facts.get("finding_count", 0), "finding"),
        "signature": incident.signature,
        "window": lengths.length(timedelta(seconds=facts.get("window_seconds", 0))),
        "lateness": lengths.length(timedelta(seconds=facts.get("lateness_seconds", 0))),
        "ahead": lengths.length(timedelta(seconds=facts.get("ahead_seconds", 0))),
    }  # fmt: skip
    return _SENTENCES.get(incident.rule, "{rule} of {name}").format_map(defaultdict(str, values))


def data_of(incident: Incident, now: datetime) -> dict[str, object]:
    """What programs get."""
    ended = incident.closed_at
    data = {
        "incident_id": incident.id,
        "rule": incident.rule,
        "workspace_id": str(incident.workspace_id),
        "subject": incident.subject,
        "subject_id": incident.subject_id,
        "subject_name": incident.subject_name,
        "code": incident.signature,
        "count": incident.count,
        "opened_at": rfc3339(incident.opened_at),
        "closed_at": rfc3339(ended) if ended else None,
        "duration_seconds": round(((ended or now) - incident.opened_at).total_seconds()),
        "absorbed_by": incident.absorbed_by,
        "console_url": page_url("incident", incident.id),
        **incident.facts,
    }
    return {name: value for name, value in data.items() if value not in (None, "")}


def page_url(model: str, pk: str) -> str | None:
    """A row's page in the console; None where ORQ_PUBLIC_URL does not say where that is."""
    base = settings.ORQ.public_url
    return urljoin(base, reverse(f"admin:schedules_{model}_change", args=[pk])) if base else None


def _name(incident: Incident) -> str:
    return incident.subject_name or f"{incident.subject} {incident.subject_id}"


def _in_a_row(count: int) -> str:
    return f", {count:,} in a row" if count > 1 else ""


def _range(facts: dict[str, Any]) -> str:
    """`at …`, or how often between when and when."""
    first, last = (for_people(read_instant(facts[name])) if name in facts else "" for name in _ENDS)
    count = facts.get("missed_count", 1)
    return f"at {last}" if count == 1 else f"{count:,} times, from {first} to {last}"


_ENDS: Final = ("first_fire_time", "last_fire_time")


def _is_expired(incident: Incident) -> bool:
    expires_at = read_instant(incident.facts["expires_at"])
    return incident.closed_at is not None and expires_at <= incident.closed_at


def _several(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
