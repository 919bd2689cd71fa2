"""What is wrong with the whole service: no beat, no worker, no broker, a clock that leapt, a ledger with gaps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import F, Value
from django.db.models.functions import Greatest

from schedules.alerts import rules
from schedules.alerts.book import About, Book
from schedules.alerts.rules_in_force import RulesInForce
from schedules.expressions.instants import rfc3339
from schedules.health import states
from schedules.health.report import broker_verdict, report
from schedules.ledger.verdict import Verdict, ledger_state
from schedules.models import NextFire, ProcessKind, Subject, Workspace

WARM_UP: Final = timedelta(seconds=60)
"""A process that has just started gives the others so long to register."""

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOST_COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Wrong:
    """By rule: the cause in one word, and what is known of it."""

    by_rule: dict[str, tuple[str, dict[str, Any]]]
    is_new_here: bool

    @property
    def has_leapt(self) -> bool:
        """Whether no time can be believed."""
        return rules.CLOCK in self.by_rule


SERVICE: Final = (rules.BEATS, rules.WORKERS, rules.BROKER, rules.CLOCK, rules.LEDGER)


def current(uptime: timedelta) -> Wrong:
    """What is wrong now. Asks the broker, so it is not for a transaction."""
    seen = report()
    wrong: dict[str, tuple[str, dict[str, Any]]] = {}
    for rule, kind in ((rules.BEATS, ProcessKind.BEAT), (rules.WORKERS, ProcessKind.WORKER)):
        if not seen.alive(kind):
            wrong[rule] = ("", {})
    if (state := broker_verdict()) != states.OK:
        wrong[rules.BROKER] = (state, {"broker_state": states.SENTENCES[state]})
    if seen.clock_ahead:
        wrong[rules.CLOCK] = ("", {"ahead_seconds": round(seen.clock_ahead.total_seconds())})
    ledger = ledger_state(seen.at)
    if ledger.verdict == Verdict.FINDINGS and ledger.telling is not None:
        facts = {
            "finding_count": ledger.telling.finding_count,
            "audited_at": rfc3339(ledger.telling.audited_at),
        }
        wrong[rules.LEDGER] = ("", facts)
    return Wrong(wrong, uptime < WARM_UP)


def record(book: Book, in_force: RulesInForce, workspaces: Iterable[Workspace], wrong: Wrong) -> None:
    """Open, go on with, or close the incidents of each workspace."""
    for rule in SERVICE:
        if rule not in wrong.by_rule:
            for incident in book.open_of(rule):  # also of a workspace that has no schedules any more
                book.close(rule, incident.subject_id)
    for workspace in workspaces:
        for rule in wrong.by_rule:
            if in_force.of(rule, workspace.id).is_on:
                _report(book, rule, workspace, wrong)


def _report(book: Book, rule: str, workspace: Workspace, wrong: Wrong) -> None:
    is_known = book.find(rule, str(workspace.id)) is not None
    if wrong.is_new_here and not is_known and rule in (rules.BEATS, rules.WORKERS):
        return
    signature, facts = wrong.by_rule[rule]
    if rule == rules.BEATS:
        facts = facts | _due(workspace, book)
    book.report(
        rule, About(workspace.id, Subject.WORKSPACE, str(workspace.id), workspace.name), signature, facts
    )


def _due(workspace: Workspace, book: Book) -> dict[str, Any]:
    """What of the workspace waits to be fired."""
    due = NextFire.objects.due(book.now).filter(schedule__workspace=workspace)
    since = Greatest(F("fire_time"), Value(EARLIEST))
    oldest = due.annotate(since=since).values_list("since", flat=True).first()
    if oldest is None:
        return {"due_count": 0}
    return {"due_count": due[:MOST_COUNTED].count(), "oldest_due_at": rfc3339(oldest)}
