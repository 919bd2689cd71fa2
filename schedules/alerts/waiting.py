"""What is due and has waited for long: fire times and runs. Those that wait for a slot are their agent's matter."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Greatest

from schedules.alerts import rules
from schedules.alerts.book import STANDSTILLS, About, Book
from schedules.alerts.rules_in_force import RulesInForce
from schedules.expressions.instants import rfc3339
from schedules.limits.calls_in_flight import Full, why_full
from schedules.models import Agent, NextFire, Run, RunState, Schedule, ScheduleHealth, Subject

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Python has no instant for the -infinity that may stand in a row."""

MOST: Final = 2_000
"""So many of each kind are looked at; a standstill of more is a matter of the whole service."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A schedule of which something is due since `due_at`. `run_id`: "" of a fire time without a run."""

    workspace_id: UUID
    agent_id: str
    schedule_id: str
    due_at: datetime
    run_id: str = ""


def record(book: Book, in_force: RulesInForce, now: datetime) -> None:
    """Open what waits for too long, and what runs wait for."""
    least = timedelta(seconds=min(in_force.least(rules.LATE), in_force.least(rules.SATURATED)))
    waiting = [*_fires(now - least), *_runs(now - least)]
    full = _full(waiting, now)
    _report_full(book, in_force, waiting, full, now)
    crowded = {incident.subject_id for incident in book.open_of(rules.SATURATED)} | set(full)
    late = [each for each in waiting if not (each.run_id and each.agent_id in crowded)]
    _report_late(book, in_force, late, now)
    _close_ended(book)


def _fires(before: datetime) -> Iterator[_Waiting]:
    since = Greatest(F("fire_time"), Value(_EARLIEST))
    due = NextFire.objects.due(before).values_list(
        "schedule__workspace_id", "schedule__agent_id", "schedule_id", since
    )
    yield from (_Waiting(*row) for row in due[:MOST])


def _runs(before: datetime) -> Iterator[_Waiting]:
    """Retries were in time once."""
    due = Run.objects.claimable(before).filter(started_at=None, agent__isnull=False).order_by("redispatch_at")
    since = Greatest(F("not_before"), Value(_EARLIEST))
    rows = due.values_list("workspace_id", "agent_id", "schedule_id", since, "id")
    yield from (_Waiting(*row) for row in rows[:MOST])


def _full(waiting: list[_Waiting], now: datetime) -> dict[str, Full]:
    """By agent: why its runs find no slot."""
    agents = Agent.objects.select_related("workspace").in_bulk(
        {each.agent_id for each in waiting if each.run_id}
    )
    reasons = {agent_id: why_full(agent, now) for agent_id, agent in agents.items()}
    return {agent_id: full for agent_id, full in reasons.items() if full is not None}


def _report_full(
    book: Book, in_force: RulesInForce, waiting: list[_Waiting], full: dict[str, Full], now: datetime
) -> None:
    oldest: dict[str, _Waiting] = {}
    for each in waiting:
        if each.run_id and each.agent_id in full:
            oldest[each.agent_id] = min(each, oldest.get(each.agent_id, each), key=lambda one: one.due_at)
    keys = dict(Agent.objects.filter(id__in=oldest).values_list("id", "key")) if oldest else {}
    for agent_id, each in oldest.items():
        rule = in_force.of(rules.SATURATED, each.workspace_id, agent_id)
        is_down = book.find(rules.OUTAGE, agent_id) is not None  # that is why they wait
        if rule.is_on and not is_down and now - each.due_at >= timedelta(seconds=rule.threshold):
            about = About(each.workspace_id, Subject.AGENT, agent_id, keys[agent_id], agent_id)
            book.report(rules.SATURATED, about, "", _facts_of(full[agent_id], each))
    still_waiting = {each.agent_id for each in waiting if each.run_id}
    for incident in book.open_of(rules.SATURATED):
        if incident.subject_id not in still_waiting:
            book.close(rules.SATURATED, incident.subject_id)


def _facts_of(full: Full, oldest: _Waiting) -> dict[str, Any]:
    facts = {"agent_id": oldest.agent_id, "full": full.owner, "in_flight": full.count, "limit": full.limit}
    return facts | {"waiting_since": rfc3339(oldest.due_at)}


def _report_late(book: Book, in_force: RulesInForce, late: list[_Waiting], now: datetime) -> None:
    new = [each for each in late if _is_too_late(book, in_force, each, now)]
    names = {
        row.id: row.display_name or row.expression
        for row in Schedule.objects.filter(id__in={each.schedule_id for each in new})
    }
    for each in new:
        about = About(
            each.workspace_id,
            Subject.SCHEDULE,
            each.schedule_id,
            names.get(each.schedule_id, ""),
            each.agent_id,
        )
        facts = {
            "agent_id": each.agent_id,
            "schedule_id": each.schedule_id,
            "run_id": each.run_id,
            "due_at": rfc3339(each.due_at),
            "lateness_seconds": int((now - each.due_at).total_seconds()),
        }
        book.report(rules.LATE, about, "", {name: value for name, value in facts.items() if value})
    _be_told_of_their_end(new, now)


def _is_too_late(book: Book, in_force: RulesInForce, each: _Waiting, now: datetime) -> bool:
    """By its own rule, and not a part of something wider."""
    if any(book.find(rule, str(each.workspace_id)) for rule in STANDSTILLS):
        return False
    rule = in_force.of(rules.LATE, each.workspace_id, each.agent_id, each.schedule_id)
    is_known = book.find(rules.LATE, each.schedule_id) is not None
    return rule.is_on and not is_known and now - each.due_at >= timedelta(seconds=rule.threshold)


def _close_ended(book: Book) -> None:
    """A run that was seen to wait and then never started leaves no signal: what it opened is over."""
    open_by_run = {
        incident.facts["run_id"]: incident
        for incident in book.open_of(rules.LATE)
        if incident.facts.get("run_id")
    }
    ended = Run.objects.filter(id__in=open_by_run, state__in=(RunState.DISCARDED, RunState.CANCELLED))
    for run_id in ended.values_list("id", flat=True):
        book.close(rules.LATE, open_by_run[run_id].subject_id)


def _be_told_of_their_end(late: list[_Waiting], now: datetime) -> None:
    """Runs of a schedule that has a row are signalled however they end."""
    ScheduleHealth.objects.bulk_create(
        [
            ScheduleHealth(
                schedule_id=schedule_id,
                workspace_id=each.workspace_id,
                agent_id=each.agent_id,
                updated_at=now,
            )
            for schedule_id, each in {each.schedule_id: each for each in late}.items()
        ],
        ignore_conflicts=True,
    )
