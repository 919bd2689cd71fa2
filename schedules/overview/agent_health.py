"""How agents are: when they last answered well, since when they fail, what is in flight and what waits for them."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min

from schedules.models import HourTally, Run, RunState

WITHIN: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AgentHealth:
    """Of the last seven days, to the hour in which runs were due; None: not in these days.

    `failing_since`: the first hour with a failure after the last one with a success.
    """

    last_success: datetime | None = None
    failing_since: datetime | None = None
    in_flight_count: int = 0
    pending_count: int = 0
    oldest_pending: datetime | None = None


def health_of(agent_ids: Collection[str], now: datetime) -> dict[str, AgentHealth]:
    """By agent; three questions, however many there are."""
    hours = _hours(agent_ids, now)
    unfinished = Run.objects.filter(agent__in=agent_ids).order_by()
    running = dict(_counted(unfinished.filter(state=RunState.RUNNING)).values_list("agent", "count"))
    pending = {row["agent"]: row for row in _counted(unfinished.pending()).annotate(oldest=Min("not_before"))}
    return {
        agent: AgentHealth(
            max(hours[agent, RunState.SUCCEEDED], default=None),
            _failing_since(hours[agent, RunState.SUCCEEDED], hours[agent, RunState.FAILED]),
            running.get(agent, 0),
            pending[agent]["count"] if agent in pending else 0,
            pending[agent]["oldest"] if agent in pending else None,
        )
        for agent in agent_ids
    }


def _counted(runs: Any) -> Any:
    return runs.values("agent").annotate(count=Count("pk"))


def _hours(agent_ids: Collection[str], now: datetime) -> dict[tuple[str, str], set[datetime]]:
    ended = HourTally.objects.filter(
        agent_id__in=agent_ids, hour__gt=now - WITHIN, state__in=(RunState.SUCCEEDED, RunState.FAILED)
    )
    found: dict[tuple[str, str], set[datetime]] = defaultdict(set)
    for agent_id, state, hour in ended.values_list("agent_id", "state", "hour").distinct():
        found[agent_id, state].add(hour)
    return found


def _failing_since(successes: set[datetime], failures: set[datetime]) -> datetime | None:
    last = max(successes, default=None)
    return min((hour for hour in failures if last is None or hour > last), default=None)
