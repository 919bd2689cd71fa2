"""The rules: what opens an incident by default, and where a workspace, an agent or a schedule departs from that."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from django.db.models import Q

from schedules.models import AlertRule, Subject

CRITICAL: Final = "critical"
WARNING: Final = "warning"
INFO: Final = "info"

Value = TypeVar("Value")

FAILING: Final = "schedule.failing"
FLAPPING: Final = "schedule.flapping"
OUTAGE: Final = "agent.outage"
MISSED: Final = "fire.missed"
LATE: Final = "fire.late"
PAUSED: Final = "schedule.paused"
RESUMED: Final = "schedule.resumed"
AUTO_PAUSE: Final = "schedule.auto_pause"
SATURATED: Final = "agent.saturated"
LEDGER: Final = "ledger.finding"
BEATS: Final = "beat.stalled"
WORKERS: Final = "workers.gone"
BROKER: Final = "broker.down"
CLOCK: Final = "clock.leapt"
KEY: Final = "key.expiring"
DIGEST: Final = "alerts.digest"

NOT_OPENING: Final = (RESUMED, AUTO_PAUSE)
"""Rules that open no incident: one is an event, the other acts."""

OF_AGENT: Final = (Subject.WORKSPACE, Subject.AGENT)
OF_SCHEDULE: Final = (*OF_AGENT, Subject.SCHEDULE)
OF_WORKSPACE: Final = (Subject.WORKSPACE,)


@dataclass(frozen=True, slots=True)
class Rule:
    """`threshold`, `window`: in the unit that `counts` names and in seconds; None: it has none."""

    opens: str
    severity: str
    levels: tuple[Subject, ...]
    threshold: int | None = None
    counts: str = ""
    window: int | None = None
    is_on: bool = True


RULES: Final[dict[str, Rule]] = {
    FAILING: Rule("So many runs of a schedule failed in a row", WARNING, OF_SCHEDULE, 1, "failures"),
    FLAPPING: Rule(
        "So many runs of a schedule failed within the window, and others did not",
        WARNING,
        OF_SCHEDULE,
        3,
        "failures",
        86_400,
    ),
    OUTAGE: Rule(
        "So many schedules of an agent failed with the same code within the window, and none of its runs succeeded",
        CRITICAL,
        OF_AGENT,
        5,
        "schedules",
        600,
    ),
    MISSED: Rule(
        "A fire time was noticed too late to be fired, and nobody had stopped it", WARNING, OF_SCHEDULE
    ),
    LATE: Rule("A run started, or waits to start, so late", WARNING, OF_SCHEDULE, 300, "seconds"),
    PAUSED: Rule("The service paused a schedule by itself", WARNING, OF_SCHEDULE),
    RESUMED: Rule("A pause was over, and the service ended it", INFO, OF_SCHEDULE),
    SATURATED: Rule("Due runs of an agent wait so long for a free slot", WARNING, OF_AGENT, 60, "seconds"),
    LEDGER: Rule("The last audit of the ledger has findings", CRITICAL, OF_WORKSPACE),
    BEATS: Rule("No beat is alive: nothing is fired", CRITICAL, OF_WORKSPACE),
    WORKERS: Rule("No worker is alive: nothing is run", CRITICAL, OF_WORKSPACE),
    BROKER: Rule("The broker takes no messages", CRITICAL, OF_WORKSPACE),
    CLOCK: Rule("The database's clock has leapt ahead: nothing is fired", CRITICAL, OF_WORKSPACE),
    KEY: Rule("An API key ends within 14 days and has no successor", WARNING, OF_WORKSPACE),
    AUTO_PAUSE: Rule(
        "A schedule is paused after so many failures in a row that repeating cannot mend",
        WARNING,
        OF_SCHEDULE,
        5,
        "failures",
        is_on=False,
    ),
}
"""By name. AUTO_PAUSE opens no incident of its own: what it pauses is told as `schedule.paused`."""


_UNKNOWN: Final = Rule("A rule of another version of the service", WARNING, OF_WORKSPACE)


def rule_of(name: str) -> Rule:
    """The rule of this name; of one that another version has written, what is sure of it."""
    return RULES.get(name, _UNKNOWN)


OPENING: Final = tuple(name for name in RULES if name not in NOT_OPENING)
"""The rules that open incidents."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A rule as it holds for one subject."""

    is_on: bool
    threshold: int
    window: int


def first(values: Iterable[Value | None]) -> Value | None:
    """The first that is not None."""
    return next((value for value in values if value is not None), None)


class Rules:
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
