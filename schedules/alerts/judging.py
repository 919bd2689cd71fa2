"""From signals to incidents: what ended runs and missed fire times say about schedules and their agents."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from schedules.alerts import lateness, outages, rules
from schedules.alerts.alone import alone
from schedules.alerts.book import About, Book
from schedules.alerts.health import Health, failures_since
from schedules.alerts.names import Names
from schedules.alerts.rules import Rules
from schedules.models import AlertSignal, ScheduleHealth, SignalKind, Subject

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
        self._signals, self._now = signals, now
        schedule_ids = {signal.schedule_id for signal in signals}
        agent_ids = {signal.agent_id for signal in signals}
        workspace_ids = {signal.workspace_id for signal in signals}
        self._rules = Rules(workspace_ids)
        self._health = Health(schedule_ids, now)
        self._names = Names(schedule_ids, agent_ids)
        self._book = Book(
            now,
            Q(subject_id__in=schedule_ids)
            | Q(agent_id__in=agent_ids, rule__in=(rules.OUTAGE, rules.SATURATED, rules.FAILING)),
        )
        self._lateness = lateness.Lateness(self._book, self._rules, self._names, workspace_ids, signals)
        self._failed: dict[str, AlertSignal] = {}
        self.to_pause: list[str] = []

    def go(self) -> None:
        """Judge them all, and write what comes of it."""
        for signal in self._signals:
            self._judge(signal)
        self._health.save()
        self.to_pause = [each for each, signal in self._failed.items() if self._is_to_pause(signal)]
        self._open_outages()
        for schedule_id in list(self._failed):
            self._judge_failures(schedule_id)
        self._forget_well()
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
            self._judge_failures(signal.schedule_id)
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
            incident = self._book.see(rules.OUTAGE, about, outage.code, facts, 0)
            self._book.absorb((rules.SATURATED,), outage.agent_id, incident)
            self._book.absorb_open(rules.FAILING, outage.agent_id, outage.code, incident)

    def _judge_failures(self, schedule_id: str) -> None:
        """Of a schedule whose last run failed: a part of its agent's outage, flapping, or failing."""
        signal = self._failed.pop(schedule_id)
        paused = self._book.find(rules.PAUSED, schedule_id)
        if paused is not None:  # the run was in flight when the service paused it
            self._book.count(paused)
            return
        outage = self._book.find(rules.OUTAGE, signal.agent_id)
        if outage is not None and outage.signature == signal.code:
            self._book.count(outage)
            return
        row = self._health.of(signal)
        if not self._is_flapping(signal, row):
            self._see_failing(signal, row)

    def _see_failing(self, signal: AlertSignal, row: ScheduleHealth) -> None:
        rule = self._rules.of(rules.FAILING, signal.workspace_id, signal.agent_id, signal.schedule_id)
        if not rule.is_on or row.failure_count < rule.threshold:
            return
        facts = {**self._facts(signal), "failures_in_row": row.failure_count}
        self._book.see(rules.FAILING, self._names.about(signal), signal.code, facts)

    def _is_flapping(self, signal: AlertSignal, row: ScheduleHealth) -> bool:
        """Who fails all the time fails; who fails again and again, with successes in between, flaps."""
        rule = self._rules.of(rules.FLAPPING, signal.workspace_id, signal.agent_id, signal.schedule_id)
        count = failures_since(row, self._now - timedelta(seconds=rule.window))
        is_known = self._book.find(rules.FLAPPING, signal.schedule_id) is not None
        is_new = (
            rule.is_on
            and count >= rule.threshold
            and row.failure_count < count
            and self._book.find(rules.FAILING, signal.schedule_id) is None
        )
        if is_known or is_new:
            facts = {**self._facts(signal), "failures_in_window": count, "window_seconds": rule.window}
            self._book.see(rules.FLAPPING, self._names.about(signal), signal.code, facts)
        return is_known or is_new

    def _forget_well(self) -> None:
        for signal in self._signals:
            row = self._health.known(signal.schedule_id)
            if row is not None and self._is_well(row):
                self._health.is_well(signal.schedule_id)

    def _is_well(self, row: ScheduleHealth) -> bool:
        """Nothing is open about it, and no failure counts any more. A flapping one is well once it is below."""
        rule = self._rules.of(rules.FLAPPING, row.workspace_id, row.agent_id, row.schedule_id)
        count = failures_since(row, self._now - timedelta(seconds=rule.window))
        if count < rule.threshold:
            self._book.close(rules.FLAPPING, row.schedule_id)
        is_open = any(self._book.find(rule, row.schedule_id) for rule in _OF_SCHEDULES)
        return not is_open and not row.failure_count and not count

    def _facts(self, signal: AlertSignal) -> dict[str, object]:
        """What is known of a failure, without anything the agent said."""
        facts = {
            "agent_id": signal.agent_id,
            "agent_key": self._names.agent(signal.agent_id),
            "schedule_id": signal.schedule_id,
            "run_id": signal.run_id,
            "code": signal.code,
            "http_status": signal.http_status,
        }
        return {name: value for name, value in facts.items() if value}


_OF_SCHEDULES: Final = (rules.FAILING, rules.FLAPPING, rules.MISSED, rules.LATE)
