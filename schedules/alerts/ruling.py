"""People change the rules of a workspace, of an agent, or of a schedule; what they leave out holds as before."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from schedules import journal
from schedules.alerts.rules import RULES, Rule
from schedules.alerts.rules_in_force import of_subject
from schedules.errors import AlertRuleNotFound, InvalidRequest
from schedules.models import Agent, AlertRule, Schedule, Subject, Workspace
from schedules.models.alert_rule import MOST_COUNTED

_CHANGEABLE: Final = ("is_enabled", "threshold", "window_seconds")
MOST_SECONDS: Final = 7 * 86_400
LEAST_SECONDS: Final = 60
LEVELS: Final = (Subject.WORKSPACE.value, Subject.AGENT.value, Subject.SCHEDULE.value)


@dataclass(frozen=True, slots=True)
class Level:
    """Whose rule it is: a workspace's, or an agent's or a schedule's of it."""

    workspace: Workspace
    agent: Agent | None = None
    schedule: Schedule | None = None

    @property
    def subject(self) -> Subject:
        """In one word."""
        if self.schedule is not None:
            return Subject.SCHEDULE
        return Subject.WORKSPACE if self.agent is None else Subject.AGENT


@dataclass(frozen=True, slots=True)
class Ruling:
    """A rule at a level; `row` is None where nobody has changed it there, `above` what the level above has."""

    name: str
    rule: Rule
    row: AlertRule | None
    above: "Ruling | None" = None

    @property
    def scope(self) -> Subject:
        """Whose it is."""
        if self.row is None or (self.row.agent_id is None and self.row.schedule_id is None):
            return Subject.WORKSPACE
        return Subject.AGENT if self.row.schedule_id is None else Subject.SCHEDULE

    @property
    def agent_key(self) -> str:
        """Of an agent's rule; else empty."""
        return self.row.agent.key if self.row is not None and self.row.agent is not None else ""

    @property
    def schedule_id(self) -> str:
        """Of a schedule's rule; else empty."""
        return (self.row.schedule_id if self.row is not None else None) or ""

    @property
    def is_default(self) -> bool:
        """Whether nobody has changed it."""
        return self.row is None

    @property
    def is_enabled(self) -> bool:
        """Whether it opens incidents, or acts."""
        own = self.row.is_enabled if self.row is not None else None
        if own is None:
            return self.rule.is_on if self.above is None else self.above.is_enabled
        return own

    @property
    def threshold(self) -> int | None:
        """From how many, or from how long on."""
        own = self.row.threshold if self.row is not None else None
        return own or (self.above.threshold if self.above is not None else self.rule.threshold)

    @property
    def window_seconds(self) -> int | None:
        """In what time so many are counted."""
        own = self.row.window_seconds if self.row is not None else None
        return own or (self.above.window_seconds if self.above is not None else self.rule.window)


def rulings(workspace_id: UUID) -> Iterator[Ruling]:
    """What holds in the workspace, then what agents and schedules of it have of their own."""
    rows = list(AlertRule.objects.filter(workspace=workspace_id).select_related("agent", "schedule__agent"))
    of_workspace = {row.rule: row for row in rows if row.agent_id is None and row.schedule_id is None}
    of_agents = {(row.rule, row.agent_id): row for row in rows if row.agent_id is not None}
    widest = {name: Ruling(name, rule, of_workspace.get(name)) for name, rule in RULES.items()}
    yield from widest.values()
    for (name, _), row in of_agents.items():
        if name in RULES:
            yield Ruling(name, RULES[name], row, widest[name])
    for row in rows:
        if row.schedule is not None and row.rule in RULES:
            yield Ruling(row.rule, RULES[row.rule], row, _above(row, of_agents, widest[row.rule]))


def _above(row: AlertRule, of_agents: dict[tuple[str, str], AlertRule], widest: Ruling) -> Ruling:
    """What a schedule's own rule departs from: its agent's, or the workspace's."""
    of_agent = of_agents.get((row.rule, row.schedule.agent_id)) if row.schedule is not None else None
    return widest if of_agent is None else Ruling(row.rule, widest.rule, of_agent, widest)


@transaction.atomic
def change(level: Level, name: str, changes: dict[str, Any]) -> Ruling:
    """The rule, changed at this level. AlertRuleNotFound; InvalidRequest for what the rule does not have."""
    check(level, name, changes)
    Workspace.objects.select_for_update(no_key=True).get(id=level.workspace.id)  # two that are the first
    row = _locked(level, name) or AlertRule(
        workspace=level.workspace,
        agent=level.agent,
        schedule=level.schedule,
        rule=name,
    )
    before = {column: getattr(row, column) for column in _CHANGEABLE}
    for column in changes.keys() & set(_CHANGEABLE):
        setattr(row, column, changes[column])
    row.save()
    after = {column: getattr(row, column) for column in _CHANGEABLE}
    journal.record("update", row, journal.difference(before, after))
    changed = (each for each in rulings(level.workspace.id) if each.row is not None and each.row.id == row.id)
    return next(changed)


@transaction.atomic
def reset(level: Level, name: str) -> bool:
    """What the level above says holds again; False: it did already. AlertRuleNotFound."""
    _rule(name)
    row = _locked(level, name)
    if row is None:
        return False
    journal.record("delete", row)
    row.delete()
    return True


def _rule(name: str) -> Rule:
    if name not in RULES:
        raise AlertRuleNotFound
    return RULES[name]


def _locked(level: Level, name: str) -> AlertRule | None:
    theirs = of_subject(
        level.workspace.id,
        level.agent.id if level.agent else "",
        level.schedule.id if level.schedule else "",
    )
    return AlertRule.objects.select_for_update(no_key=True).filter(theirs, rule=name).first()


def check(level: Level, name: str, changes: dict[str, Any]) -> None:
    """AlertRuleNotFound; InvalidRequest for what the rule does not have."""
    rule = _rule(name)
    if level.subject not in rule.levels:
        raise InvalidRequest(f"{name} is not a rule of {_PLURALS[level.subject]}", param=level.subject.value)
    if changes.get("threshold") is not None:
        _check_threshold(name, rule, changes["threshold"])
    window = changes.get("window_seconds")
    if window is not None and rule.window is None:
        raise InvalidRequest(f"{name} has no window", param="window_seconds")
    if window is not None and not LEAST_SECONDS <= window <= MOST_SECONDS:
        words = f"Must be from {LEAST_SECONDS} to {MOST_SECONDS} seconds"
        raise InvalidRequest(words, param="window_seconds")


def _check_threshold(name: str, rule: Rule, threshold: int) -> None:
    if rule.threshold is None:
        raise InvalidRequest(f"{name} has no threshold", param="threshold")
    least, most = (LEAST_SECONDS, MOST_SECONDS) if rule.counts == "seconds" else (1, MOST_COUNTED)
    if not least <= threshold <= most:
        raise InvalidRequest(f"Must be from {least} to {most} {rule.counts}", param="threshold")


_PLURALS: Final = {
    Subject.WORKSPACE: "workspaces",
    Subject.AGENT: "agents",
    Subject.SCHEDULE: "schedules",
}
