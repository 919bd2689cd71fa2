"""From signals to incidents: a batch of signals is judged in their order, and what comes of it is written at once."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from schedules.alerts import lateness, outages, rules
from schedules.alerts.alone import alone
from schedules.alerts.book import About, Book
from schedules.alerts.failures import Failures
from schedules.alerts.health import Health
from schedules.alerts.names import Names
from schedules.alerts.rules_in_force import RulesInForce
from schedules.models import AlertSignal, SignalKind, Subject

BATCH: Final = 2_000
"""Most signals judged in one transaction."""

NO_PERSON: Final = ("cadence", "late")
"""Runs that count: what a person tries out is their own affair."""


def judge(now: datetime, limit: int = BATCH) -> tuple[int, list[str]]:
    """Judge the oldest signals: how many, and which schedules are to be paused for what has been seen."""
    if not AlertSignal.objects.exists():  # on SQLite a transaction keeps all others from writing
        return 0, []
    with transaction.atomic():
        if not alone():
            return 0, []
        signals = list(AlertSignal.objects.order_by("id")[:limit])
        if not signals:
            return 0, []
        judged = _Round(signals, now)
        judged.go()
        AlertSignal.objects.filter(id__in=[signal.id for signal in signals]).delete()
    return len(signals), judged.to_pause


def set_aside() -> AlertSignal | None:
    """Drop the oldest signal, which cannot be judged: those behind it are. It, or None."""
    with transaction.atomic():
        signal = AlertSignal.objects.order_by("id").first() if alone() else None
        if signal is not None:
            AlertSignal.objects.filter(id=signal.id).delete()
    return signal


class _Round:
    """One batch of signals, in the order in which they came."""

    def __init__(self, signals: list[AlertSignal], now: datetime) -> None:
        self._signals = signals
        schedule_ids = {signal.schedule_id for signal in signals}
        agent_ids = {signal.agent_id for signal in signals}
        workspace_ids = {signal.workspace_id for signal in signals}
        self._rules = RulesInForce(workspace_ids)
        self._health = Health(schedule_ids, now)
        self._names = Names(schedule_ids, agent_ids)
        self._book = Book(
            now,
            Q(subject_id__in=schedule_ids)
            | Q(agent_id__in=agent_ids, rule__in=(rules.OUTAGE, rules.SATURATED, rules.FAILING)),
        )
        self._lateness = lateness.Lateness(self._book, self._rules, self._names, workspace_ids, signals)
        self._failures = Failures(self._book, self._rules, self._health, self._names, now)
        self._failed: dict[str, AlertSignal] = {}
        self.to_pause: list[str] = []

    def go(self) -> None:
        """Judge them all, and write what comes of it."""
        for signal in self._signals:
            self._judge(signal)
        self._health.save()
        self.to_pause = [each for each, signal in self._failed.items() if self._is_to_pause(signal)]
        self._open_outages()
        for signal in self._failed.values():
            self._failures.judge(signal)
        self._failures.forget_well(self._signals)
        self._health.save()
        self._book.save()

    def _judge(self, signal: AlertSignal) -> None:
        if signal.kind == SignalKind.MISSED:
            if self._lateness.missed(signal):
                self._health.of(signal)
            return
        if self._lateness.started(signal):
            self._health.of(signal)
        if signal.kind == SignalKind.SUCCEEDED:
            self._succeeded(signal)
        elif signal.trigger in NO_PERSON:
            self._failed_in_cadence(signal)

    def _failed_in_cadence(self, signal: AlertSignal) -> None:
        self._health.failed(signal)
        self._failed[signal.schedule_id] = signal

    def _is_to_pause(self, signal: AlertSignal) -> bool:
        row = self._health.of(signal)
        rule = self._rules.of(rules.AUTO_PAUSE, signal.workspace_id, signal.agent_id, signal.schedule_id)
        return rule.is_on and row.hopeless_count >= rule.threshold

    def _succeeded(self, signal: AlertSignal) -> None:
        self._book.close(rules.OUTAGE, signal.agent_id)
        if signal.trigger == "manual":
            return
        if signal.schedule_id in self._failed:  # failed and mended within one batch: both are told
            self._failures.judge(self._failed.pop(signal.schedule_id))
        self._health.succeeded(signal)
        self._book.close(rules.FAILING, signal.schedule_id)

    def _open_outages(self) -> None:
        failed = list(self._failed.values())
        for outage in outages.find(failed, self._rules, self._book):
            name = self._names.agent(outage.agent_id)
            about = About(outage.workspace_id, Subject.AGENT, outage.agent_id, name, outage.agent_id)
            facts = {
                "agent_id": outage.agent_id,
                "agent_key": name,
                "code": outage.code,
                "schedule_count": outage.schedule_count,
            }
            incident = self._book.report(rules.OUTAGE, about, outage.code, facts, 0)
            self._book.absorb((rules.SATURATED,), outage.agent_id, incident)
            self._book.absorb_open(rules.FAILING, outage.agent_id, outage.code, incident)
