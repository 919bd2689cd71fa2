"""After an outage late firings are spread over time, so that they do not flood the agents.

Each agent gets at most so many late runs a second; the others wait as pending runs (`not_before`). A late firing
whose schedule has such a run waiting takes its place: it never waits behind an older one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Max

from schedules.firing.batch import Firing
from schedules.models import Agent, Run, Schedule


def pace_late_firings(firings: Iterable[Firing], per_second: int, now: datetime) -> list[Firing]:
    """The firings, the late ones of each agent at most `per_second` a second from now on."""
    firings = list(firings)
    agents = _agents_of([firing.schedule.id for firing in firings if firing.times.is_misfire])
    if not agents:
        return firings
    last_starts = _last_paced_starts(set(agents.values()), now)
    return paced(firings, agents, per_second, now, last_starts, _places_of(agents))


def paced(
    firings: Iterable[Firing],
    agents: Mapping[str, str],
    per_second: int,
    now: datetime,
    last_starts: Mapping[str, datetime],
    places: Mapping[str, datetime],
) -> list[Firing]:
    """Pure part: `agents` of the late firings' schedules; `last_starts` is each agent's last start already paced.

    `places`: when the late runs would start that the firings of these schedules replace.
    """
    step = timedelta(seconds=1) / per_second
    next_starts = {agent: last + step for agent, last in last_starts.items()}
    result = []
    for firing in firings:
        if not firing.times.is_misfire:
            result.append(firing)
            continue
        start = places.get(firing.schedule.id)
        if start is None:
            agent = agents[firing.schedule.id]
            start = next_starts.get(agent, now)
            next_starts[agent] = start + step
        result.append(firing._replace(times=replace(firing.times, not_before=max(start, now))))
    return result


def _agents_of(schedule_ids: list[str]) -> dict[str, str]:
    if not schedule_ids:
        return {}
    return dict(Schedule.objects.filter(id__in=schedule_ids).values_list("id", "agent_id"))


def _places_of(schedule_ids: Iterable[str]) -> dict[str, datetime]:
    waiting = Run.objects.late_and_waiting().filter(schedule__in=list(schedule_ids))
    return dict(waiting.order_by("-not_before").values_list("schedule_id", "not_before"))


def _last_paced_starts(agents: Iterable[str], now: datetime) -> dict[str, datetime]:
    # Beats pace one after the other: each sees the starts the others have given.
    list(Agent.objects.select_for_update(no_key=True).filter(id__in=agents).order_by("id").values_list("id"))
    waiting = Run.objects.pending().filter(
        is_misfire=True, attempt=1, not_before__gte=now, schedule__agent_id__in=agents
    )
    latest = waiting.values_list("schedule__agent_id").annotate(Max("not_before"))
    return dict(latest)
