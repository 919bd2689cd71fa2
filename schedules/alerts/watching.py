"""What no run tells: whether beats, workers, broker and clock are there, what waits, what an audit has found.

Any process may look. Much of it is about the whole service: each workspace that has schedules is told.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from schedules import api_keys
from schedules.alerts import rules, standstills, waiting
from schedules.alerts.alone import alone
from schedules.alerts.book import About, Book
from schedules.alerts.health import failures_since, forget_old
from schedules.alerts.rules_in_force import RulesInForce
from schedules.expressions.instants import rfc3339
from schedules.models import Agent, Incident, Schedule, ScheduleHealth, Subject, Workspace

_OVER_WHEN_ACTIVE: Final = (rules.PAUSED,)
_OVER_WHEN_INACTIVE: Final = (rules.MISSED, rules.LATE)
_OF_SCHEDULES: Final = (rules.FAILING, rules.FLAPPING, rules.MISSED, rules.LATE, rules.PAUSED)


def check(now: datetime, uptime: timedelta) -> None:
    """One check. `uptime`: of this process: one that has just started has not seen the others come."""
    wrong = standstills.current(uptime)
    with transaction.atomic():
        if not alone():
            return
        live = Schedule.objects.live().filter(workspace=OuterRef("pk"))
        workspaces = list(Workspace.objects.filter(Exists(live)))
        book = Book(now, Q(closed_at=None))
        in_force = RulesInForce({*(workspace.id for workspace in workspaces), *book.workspace_ids})
        _close_switched_off(book, in_force)
        standstills.record(book, in_force, workspaces, wrong)
        if not wrong.has_leapt:
            waiting.record(book, in_force, now)
        _report_keys(book, in_force, now)
        _close_calm(book, in_force)
        _close_gone(book)
        forget_old(now)
        book.save()


def _close_switched_off(book: Book, in_force: RulesInForce) -> None:
    """A rule that is off has nothing open."""
    for rule in rules.OPENING:
        for incident in book.open_of(rule):
            schedule_id = incident.subject_id if incident.subject == Subject.SCHEDULE else ""
            if not in_force.of(rule, incident.workspace_id, incident.agent_id, schedule_id).is_on:
                book.close(rule, incident.subject_id)


def _report_keys(book: Book, in_force: RulesInForce, now: datetime) -> None:
    expiring = {key.id: key for key in api_keys.expiring(now)}
    for key in expiring.values():
        if in_force.of(rules.KEY, key.workspace_id).is_on and book.find(rules.KEY, key.id) is None:
            about = About(key.workspace_id, Subject.KEY, key.id, key.name or key.id)
            book.report(rules.KEY, about, "", {"expires_at": rfc3339(key.expires_at or now)})
    for incident in book.open_of(rules.KEY):
        if incident.subject_id not in expiring:
            book.close(rules.KEY, incident.subject_id)


def _close_calm(book: Book, in_force: RulesInForce) -> None:
    """A flapping schedule that has not run since is below its threshold when the window has passed."""
    flapping = {incident.subject_id: incident for incident in book.open_of(rules.FLAPPING)}
    health = ScheduleHealth.objects.in_bulk(flapping)
    for schedule_id, incident in flapping.items():
        rule = in_force.of(rules.FLAPPING, incident.workspace_id, incident.agent_id, schedule_id)
        since = book.now - timedelta(seconds=rule.window)
        if schedule_id not in health or failures_since(health[schedule_id], since) < rule.threshold:
            book.close(rules.FLAPPING, schedule_id)


def _close_gone(book: Book) -> None:
    """What is about a deleted schedule or agent is over, and a schedule that runs again is not paused any more.

    One that does not run, paused or finished, can be neither late nor in time; what failed last stays open, but
    nobody is reminded of it.
    """
    of_schedules = [incident for rule in _OF_SCHEDULES for incident in book.open_of(rule)]
    live = Schedule.objects.live().filter(id__in={each.subject_id for each in of_schedules})
    is_active = dict(live.values_list("id", "is_active"))
    for incident in of_schedules:
        runs = is_active.get(incident.subject_id)
        if runs is None or incident.rule in (_OVER_WHEN_ACTIVE if runs else _OVER_WHEN_INACTIVE):
            book.close(incident.rule, incident.subject_id)
        elif not runs and incident.rule != rules.PAUSED:
            book.hush(incident)
    _close_of_gone_agents(book)


def _close_of_gone_agents(book: Book) -> None:
    of_agents = [
        incident
        for rule in (rules.OUTAGE, rules.SATURATED)
        for incident in book.open_of(rule)
        if incident.subject == Subject.AGENT
    ]
    asked = {incident.subject_id for incident in of_agents}
    there = set(Agent.objects.live().filter(id__in=asked).values_list("id", flat=True)) if asked else set()
    for incident in of_agents:
        if incident.subject_id not in there:
            book.close(incident.rule, incident.subject_id)


def open_count() -> int:
    """How many incidents are open."""
    return Incident.objects.open().count()
