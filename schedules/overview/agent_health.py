"""How agents are: when they last answered well, since when they fail, what is in flight and what waits for them."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from schedules.models import HourTally, RunState
from schedules.overview.waiting import Backlog, backlogs_of

WITHIN: Final = timedelta(days=7)
_AT_FIRST: Final = timedelta(hours=6)

_Hours = dict[tuple[str, str], set[datetime]]


@dataclass(frozen=True, slots=True)
class AgentHealth:
    """Of the last seven days, to the hour in which runs were due; None: not in these days.

    `failing_since`: the first hour with a failure after the last one with a success.
    """

    last_success: datetime | None = None
    failing_since: datetime | None = None
    backlog: Backlog = field(default_factory=Backlog)


def health_of(agent_ids: Collection[str], now: datetime) -> dict[str, AgentHealth]:
    """By agent; four questions, however many there are."""
    hours, waiting = _hours(agent_ids, now), backlogs_of(agent_ids)
    return {
        agent: AgentHealth(
            max(hours[agent, RunState.SUCCEEDED], default=None),
            _failing_since(hours[agent, RunState.SUCCEEDED], hours[agent, RunState.FAILED]),
            waiting.get(agent, Backlog()),
        )
        for agent in agent_ids
    }


def _hours(agent_ids: Collection[str], now: datetime) -> _Hours:
    """Of most agents the newest hours hold a success, and no earlier one matters; of the others the week is read."""
    found = _hours_since(now - _AT_FIRST, agent_ids)
    silent = [agent_id for agent_id in agent_ids if not found[agent_id, RunState.SUCCEEDED]]
    if silent:
        found.update(_hours_since(now - WITHIN, silent))
    return found


def _hours_since(first: datetime, agent_ids: Collection[str]) -> _Hours:
    """By agent and state: the hours with such runs."""
    ended = HourTally.objects.filter(
        agent_id__in=agent_ids, hour__gt=first, state__in=(RunState.SUCCEEDED, RunState.FAILED)
    )
    found: _Hours = defaultdict(set)
    for agent_id, state, hour in ended.values_list("agent_id", "state", "hour").distinct():
        found[agent_id, state].add(hour)
    return found


def _failing_since(successes: set[datetime], failures: set[datetime]) -> datetime | None:
    last = max(successes, default=None)
    return min((hour for hour in failures if last is None or hour > last), default=None)
