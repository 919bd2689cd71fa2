"""Whether it is the agent: many of its schedules fail for one reason, and none of its runs succeeds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from schedules.alerts import rules
from schedules.alerts.book import Book
from schedules.alerts.rules_in_force import RulesInForce
from schedules.database.ulids import lowest_ulid_at
from schedules.models import AlertSignal, Run, RunState, ScheduleHealth

_LONGEST_RUN: Final = timedelta(hours=1)
"""Runs that began longer before the window are not looked at."""


@dataclass(frozen=True, slots=True)
class Outage:
    """So many schedules of the agent fail with the code."""

    workspace_id: UUID
    agent_id: str
    code: str
    schedule_count: int


def find(failed: Sequence[AlertSignal], in_force: RulesInForce, book: Book) -> Iterator[Outage]:
    """New ones and those of another cause, of the agents of these signals. Health is stored already."""
    last = {(each.workspace_id, each.agent_id, each.code): each.at for each in sorted(failed, key=_at)}
    for (workspace_id, agent_id, code), at in sorted(last.items(), key=str):
        rule = in_force.of(rules.OUTAGE, workspace_id, agent_id)
        known = book.find(rules.OUTAGE, agent_id)
        if not rule.is_on or (known is not None and known.signature == code):
            continue
        since = at - timedelta(seconds=rule.window)  # however late that is judged
        if known is not None and failing_count(agent_id, known.signature, since) >= rule.threshold:
            continue  # of two causes at once the first one stays
        if failing_count(agent_id, code, since) < rule.threshold:
            continue
        count = failing_count(
            agent_id, code, max(since, _last_success(workspace_id, agent_id, since) or since)
        )
        if count >= rule.threshold:
            yield Outage(workspace_id, agent_id, code, count)


def _at(signal: AlertSignal) -> datetime:
    return signal.at


def failing_count(agent_id: str, code: str, since: datetime) -> int:
    """How many of the agent's schedules have failed with the code since then, and not succeeded after it."""
    failing = ScheduleHealth.objects.filter(agent_id=agent_id, code=code, failure_count__gt=0)
    return failing.filter(failed_at__gte=since).count()


def _last_success(workspace_id: UUID, agent_id: str, since: datetime) -> datetime | None:
    """When the newest run of the agent that has succeeded ended; None: too long ago to matter."""
    recent = Run.objects.filter(
        workspace=workspace_id, agent=agent_id, id__gte=lowest_ulid_at(since - _LONGEST_RUN)
    )
    return (
        recent.filter(state=RunState.SUCCEEDED).order_by("-id").values_list("finished_at", flat=True).first()
    )
