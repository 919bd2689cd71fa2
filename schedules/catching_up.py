"""After an outage: late firings are spread over time, so that it does not become a flood at the agents.

Each agent gets at most so many late runs a second; the others wait their turn (`not_before`) as pending runs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Max

from schedules.fire_batches import Firing
from schedules.models import Agent, Run, Schedule


def paced(firings: Iterable[Firing], per_second: int, now: datetime) -> list[Firing]:
    """The firings, the late ones of each agent at most `per_second` a second from now on."""
    firings = list(firings)
    agents = _agents_of([firing.schedule.id for firing in firings if firing.times.is_misfire])
    if not agents:
        return firings
    return spread(firings, agents, per_second, now, _taken_until(set(agents.values()), now))


def spread(
    firings: Iterable[Firing],
    agents: Mapping[str, str],
    per_second: int,
    now: datetime,
    taken_until: Mapping[str, datetime],
) -> list[Firing]:
    """Pure part: `agents` of the late ones' schedules; `taken_until` is the last turn already given to each agent."""
    step = timedelta(seconds=1) / per_second
    turns: dict[str, datetime] = {agent: until + step for agent, until in taken_until.items()}
    placed = []
    for firing in firings:
        if firing.times.is_misfire:
            agent = agents[firing.schedule.id]
            turn = turns.get(agent, now)
            turns[agent] = turn + step
            placed.append(firing._replace(times=replace(firing.times, not_before=turn)))
        else:
            placed.append(firing)
    return placed


def _agents_of(schedule_ids: list[str]) -> dict[str, str]:
    if not schedule_ids:
        return {}
    return dict(Schedule.objects.filter(id__in=schedule_ids).values_list("id", "agent_id"))


def _taken_until(agents: Iterable[str], now: datetime) -> dict[str, datetime]:
    # Beats take turns: each sees the turns the other has given.
    list(Agent.objects.select_for_update(no_key=True).filter(id__in=agents).order_by("id").values_list("id"))
    waiting = Run.objects.pending().filter(
        is_misfire=True, attempt=1, not_before__gte=now, schedule__agent_id__in=agents
    )
    latest = waiting.values_list("schedule__agent_id").annotate(Max("not_before"))
    return dict(latest)
