"""The rules as they hold: where a workspace, an agent or a schedule departs from what holds by default."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import Q

from schedules.alerts.rules import RULES
from schedules.models import AlertRule

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class InForce:
    """A rule as it holds for one subject."""

    is_on: bool
    threshold: int
    window: int


def first(values: Iterable[Value | None]) -> Value | None:
    """The first that is not None."""
    return next((value for value in values if value is not None), None)


class RulesInForce:
    """The rules as they hold in some workspaces: a schedule's own before its agent's before the workspace's."""

    def __init__(self, workspace_ids: Iterable[UUID]) -> None:
        self._own: dict[tuple[str, str], AlertRule] = {}
        for row in AlertRule.objects.filter(workspace_id__in=set(workspace_ids)):
            level = row.schedule_id or row.agent_id or str(row.workspace_id)
            self._own[row.rule, level] = row

    def of(self, rule: str, workspace_id: UUID, agent_id: str = "", schedule_id: str = "") -> InForce:
        """What holds for this schedule, agent or workspace."""
        default = RULES[rule]
        levels = (schedule_id, agent_id, str(workspace_id))
        rows = [row for level in levels if (row := self._own.get((rule, level))) is not None]
        is_on = first(row.is_enabled for row in rows)
        return InForce(
            default.is_on if is_on is None else is_on,
            first(row.threshold for row in rows) or default.threshold or 1,
            first(row.window_seconds for row in rows) or default.window or 0,
        )

    def least(self, rule: str) -> int:
        """The lowest threshold that holds for anybody."""
        own = [row.threshold for (name, _), row in self._own.items() if name == rule and row.threshold]
        return min([*own, RULES[rule].threshold or 1])


def of_subject(workspace_id: UUID, agent_id: str = "", schedule_id: str = "") -> Q:
    """The rows that one level has of its own: those in which it departs from the level above."""
    return Q(workspace=workspace_id, agent=agent_id or None, schedule=schedule_id or None)
