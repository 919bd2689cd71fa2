"""The rules: what opens an incident, and from how much on, where nobody says otherwise."""

from dataclasses import dataclass
from typing import Final

from schedules.models import Subject

CRITICAL: Final = "critical"
WARNING: Final = "warning"
INFO: Final = "info"

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
