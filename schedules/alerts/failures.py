"""What failures of a schedule's cadence mean: nothing new, flapping, or failing; and when it is well again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from schedules.alerts import rules
from schedules.alerts.book import Book
from schedules.alerts.health import Health, failures_since
from schedules.alerts.names import Names
from schedules.alerts.rules_in_force import RulesInForce
from schedules.models import AlertSignal, ScheduleHealth

_OF_SCHEDULES: Final = (rules.FAILING, rules.FLAPPING, rules.MISSED, rules.LATE)


class Failures:
    """Judges the failures of one round."""

    def __init__(
        self, book: Book, in_force: RulesInForce, health: Health, names: Names, now: datetime
    ) -> None:
        self._book, self._rules, self._health, self._names, self._now = book, in_force, health, names, now

    def judge(self, signal: AlertSignal) -> None:
        """Of a schedule whose last run failed: a part of its agent's outage, flapping, or failing."""
        paused = self._book.find(rules.PAUSED, signal.schedule_id)
        if paused is not None:  # the run was in flight when the service paused it
            self._book.count(paused)
            return
        outage = self._book.find(rules.OUTAGE, signal.agent_id)
        if outage is not None and outage.signature == signal.code:
            self._book.count(outage)
            return
        row = self._health.of(signal)
        if not self._is_flapping(signal, row):
            self._report_failing(signal, row)

    def _report_failing(self, signal: AlertSignal, row: ScheduleHealth) -> None:
        rule = self._rules.of(rules.FAILING, signal.workspace_id, signal.agent_id, signal.schedule_id)
        if not rule.is_on or row.failure_count < rule.threshold:
            return
        facts = {**self._facts(signal), "failures_in_row": row.failure_count}
        self._book.report(rules.FAILING, self._names.about(signal), signal.code, facts)

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
            self._book.report(rules.FLAPPING, self._names.about(signal), signal.code, facts)
        return is_known or is_new

    def forget_well(self, signals: Iterable[AlertSignal]) -> None:
        """Close what is over about their schedules, and forget those that are well."""
        for signal in signals:
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
