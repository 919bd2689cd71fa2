"""How people know the schedules and agents that a round is about."""

from collections.abc import Iterable

from schedules.alerts.book import About
from schedules.models import Agent, AlertSignal, Schedule, Subject


class Names:
    """Of these schedules and agents; read when the first is asked for, since most rounds need none."""

    def __init__(self, schedule_ids: Iterable[str], agent_ids: Iterable[str]) -> None:
        self._ids = set(schedule_ids), set(agent_ids)
        self._schedules: dict[str, str] | None = None
        self._agents: dict[str, str] | None = None

    def schedule(self, schedule_id: str) -> str:
        """Its display name, or its expression; "" of one that is gone."""
        if self._schedules is None:
            rows = Schedule.objects.filter(id__in=self._ids[0]).values_list(
                "id", "display_name", "expression"
            )
            self._schedules = {id_: name or expression for id_, name, expression in rows}
        return self._schedules.get(schedule_id, "")

    def agent(self, agent_id: str) -> str:
        """Its key."""
        if self._agents is None:
            self._agents = dict(Agent.objects.filter(id__in=self._ids[1]).values_list("id", "key"))
        return self._agents.get(agent_id, "")

    def about(self, signal: AlertSignal) -> About:
        """The schedule of a signal."""
        name = self.schedule(signal.schedule_id)
        return About(signal.workspace_id, Subject.SCHEDULE, signal.schedule_id, name, signal.agent_id)
