"""The health strip of the front page: a tile each for what the service stands on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse

from schedules import lengths
from schedules.health import states
from schedules.health.report import Report, broker_verdict, database_verdict, recent_report
from schedules.ledger.verdict import LedgerState, Verdict
from schedules.models import AuditResult, ProcessKind
from schedules.overview.standing import at_work

LEDGER: Final = "Ledger"
_FRESH: Final = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Tile:
    """One thing and how it is: `kind` is success, warning or error."""

    kind: str
    name: str
    words: str
    detail: str = ""
    href: str = ""
    is_told: bool = False
    """Whether the verdict has to say it too."""


def tiles() -> Iterator[Tile]:
    """In the order in which work needs them."""
    found = recent_report()
    yield _beats(found)
    yield _workers(found)
    for name, state in (("Database", database_verdict()), ("Broker", broker_verdict())):
        is_ok = state == states.OK
        yield Tile("success" if is_ok else "error", name, "answers" if is_ok else states.SENTENCES[state])


def _beats(found: Report) -> Tile:
    alive = found.alive(ProcessKind.BEAT)
    if not alive:
        return Tile("error", "Beats", "none alive", "nothing fires")
    age = found.at - max(each.last_seen_at for each in alive)
    tick = f"less than {lengths.length(_FRESH)}" if age < _FRESH else lengths.length(age)
    return Tile("success", "Beats", f"{len(alive):,} alive", f"last tick {tick} ago")


def _workers(found: Report) -> Tile:
    work = at_work(found)
    if not work.worker_count:
        return Tile("error", "Workers", "none alive", "no run starts")
    threads = sum(each.thread_count for each in found.alive(ProcessKind.WORKER))
    calls = f"{work.in_flight_count:,} of {threads:,} calls in flight"
    return Tile("success", "Workers", f"{work.worker_count:,} alive", calls)


def ledger_tile(found: LedgerState, now: datetime) -> Tile:
    """Whether every instant is accounted for, with its numbers."""
    every = reverse("admin:schedules_auditresult_changelist")
    match found:
        case LedgerState(Verdict.CLEAN, AuditResult() as newest, AuditResult() as whole):
            return Tile("success", LEDGER, _numbers(whole), _of_both(whole, newest, now), every)
        case LedgerState(Verdict.FINDINGS, _, AuditResult() as wrong):
            page = reverse("admin:schedules_auditresult_change", args=(wrong.pk,))
            words = f"{wrong.finding_count:,} finding{'' if wrong.finding_count == 1 else 's'}"
            return Tile("error", LEDGER, words, f"{_numbers(wrong)} {_audited(wrong, now)}", page, True)
        case LedgerState(Verdict.STALE, AuditResult() as newest):
            detail = f"{_audited(newest, now)}, and not audited since"
            return Tile("warning", LEDGER, _numbers(newest), detail, every, True)
    return Tile("warning", LEDGER, "not audited yet", "a housekeeping task audits it every hour", every)


def _numbers(result: AuditResult) -> str:
    return f"{result.accounted_count:,} of {result.expected_count:,}"


def _audited(result: AuditResult, now: datetime) -> str:
    return f"instants accounted for, {lengths.by_the_minute(result.audited_at, now)}"


def _of_both(whole: AuditResult, newest: AuditResult, now: datetime) -> str:
    if whole == newest:
        return _audited(whole, now)
    latest = f"{_numbers(newest)}, {lengths.by_the_minute(newest.audited_at, now)}"
    return f"{_audited(whole, now)}; the latest {latest}"
