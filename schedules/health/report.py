"""What `/readyz` and the command `status` say: verdicts, each asked for once in a few seconds, and what waits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schedules.database.clock import database_now
from schedules.health.broker import broker_state
from schedules.health.cached import Cached
from schedules.health.database import database_state
from schedules.health.overdue import Overdue, overdue
from schedules.models import ProcessKind, ProcessRegistration
from schedules.secrets import known_keys
from schedules.secrets.known_keys import KeyState

VERDICT_SECONDS: Final = 2.0
REPORT_SECONDS: Final = 10.0
"""Finding the oldest run looks at every pending one."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is said beside the verdicts; nothing of it turns health red."""

    at: datetime
    processes: list[ProcessRegistration]
    overdue: Overdue

    def alive(self, kind: ProcessKind) -> list[ProcessRegistration]:
        """Those of this kind that were seen a moment ago."""
        return [each for each in self.processes if each.kind == kind and each.is_alive(self.at)]


def report() -> Report:
    """How things stand now; django.db.Error."""
    now = database_now()
    return Report(now, list(ProcessRegistration.objects.all()), overdue(now))


database_verdict: Cached[str] = Cached(database_state, VERDICT_SECONDS)
broker_verdict: Cached[str] = Cached(broker_state, VERDICT_SECONDS)
key_verdict: Cached[KeyState] = Cached(known_keys.compare, VERDICT_SECONDS)
recent_report: Cached[Report] = Cached(report, REPORT_SECONDS)
