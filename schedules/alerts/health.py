"""How schedules fare that are, or were, ill: kept up to date from signals."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q

from schedules.models import AlertSignal, Incident, Schedule, ScheduleHealth
from schedules.models.alert_rule import MOST_COUNTED

_KEPT: Final = timedelta(days=7)
_PASSING: Final = frozenset({408, 425, 429})
"""Statuses of the 4xx that say: later."""

_HOPELESS: Final = frozenset(
    {"agent_failed", "agent_incomplete", "agent_refused", "redirect_refused", "secret_unreadable"}
)


def is_hopeless(code: str, http_status: int | None) -> bool:
    """Whether it would fail in the same way again, as far as a code can tell."""
    if code == "agent_http_error":
        return http_status is not None and 400 <= http_status < 500 and http_status not in _PASSING
    return code in _HOPELESS or code.startswith(("agent_awaits_", "invalid_"))


class Health:
    """The rows of some schedules, as a round reads and writes them."""

    def __init__(self, schedule_ids: Iterable[str], now: datetime) -> None:
        self._now = now
        self._rows = ScheduleHealth.objects.in_bulk(set(schedule_ids))
        self._changed: set[str] = set()
        self._well: set[str] = set()

    def of(self, signal: AlertSignal) -> ScheduleHealth:
        """The schedule's row, a new one if it has been well so far; from now on its successes are signalled."""
        row = self._rows.get(signal.schedule_id)
        if row is None:
            row = self._rows[signal.schedule_id] = ScheduleHealth(
                schedule_id=signal.schedule_id,
                workspace_id=signal.workspace_id,
                agent_id=signal.agent_id,
                updated_at=self._now,
            )
        self._changed.add(signal.schedule_id)
        self._well.discard(signal.schedule_id)
        return row

    def failed(self, signal: AlertSignal) -> ScheduleHealth:
        """A run of its cadence failed."""
        row = self.of(signal)
        row.failure_count += 1
        row.hopeless_count = row.hopeless_count + 1 if is_hopeless(signal.code, signal.http_status) else 0
        row.failed_at, row.code, row.updated_at = signal.at, signal.code, self._now
        row.recent_failures = [*row.recent_failures, signal.at.timestamp()][-MOST_COUNTED:]
        return row

    def succeeded(self, signal: AlertSignal) -> ScheduleHealth | None:
        """The row of failures ends; None: it was well."""
        row = self._rows.get(signal.schedule_id)
        if row is not None:
            row.failure_count = row.hopeless_count = 0
            row.updated_at = self._now
            self._changed.add(signal.schedule_id)
        return row

    def known(self, schedule_id: str) -> ScheduleHealth | None:
        """The row, if there is one."""
        return self._rows.get(schedule_id)

    def is_well(self, schedule_id: str) -> None:
        """Nothing of it is left to remember: its row goes."""
        self._well.add(schedule_id)

    def save(self) -> None:
        """Write what has changed."""
        rows = [self._rows[schedule_id] for schedule_id in sorted(self._changed - self._well)]
        ScheduleHealth.objects.bulk_create(
            rows,
            batch_size=500,
            update_conflicts=True,
            unique_fields=["schedule_id"],
            update_fields=[
                *("workspace_id", "agent_id", "failure_count", "hopeless_count", "failed_at", "code"),
                *("recent_failures", "updated_at"),
            ],
        )
        if self._well:
            ScheduleHealth.objects.filter(schedule_id__in=self._well).delete()
        self._changed.clear()


def failures_since(row: ScheduleHealth, since: datetime) -> int:
    """How many of its runs have failed since then."""
    return sum(1 for second in row.recent_failures if datetime.fromtimestamp(second, UTC) >= since)


def forget_old(now: datetime) -> int:
    """Delete the rows of schedules that are gone, or have been well, for longer than any window; how many.

    Not while anything is open about one: without its row nothing would tell that it is over.
    """
    live = Schedule.objects.live().filter(id=OuterRef("schedule_id"))
    still_open = Incident.objects.open().filter(subject_id=OuterRef("schedule_id"))
    old = ScheduleHealth.objects.filter(~Exists(still_open), updated_at__lt=now - _KEPT)
    return old.filter(Q(failure_count=0) | ~Exists(live)).delete()[0]
