"""What `/readyz` and the command `status` say: verdicts, each asked for once in a few seconds, and what waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schedules.database import clock
from schedules.database.clock import OFFSET_BOUND, Times
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

    times: Times
    processes: list[ProcessRegistration]
    overdue: Overdue

    @property
    def at(self) -> datetime:
        """Processes are seen by the database's clock, whatever that shows."""
        return self.times.shown_at

    def alive(self, kind: ProcessKind) -> list[ProcessRegistration]:
        """Those of this kind that were seen a moment ago."""
        return [each for each in self.processes if each.kind == kind and each.is_alive(self.at)]

    @property
    def clock_ahead(self) -> timedelta:
        """How far the database's clock has leapt, as this process or a live one sees it; zero if it has not."""
        alive = (each.database_ahead for each in self.processes if each.is_alive(self.at))
        return max(self.times.ahead, *alive, timedelta(0))

    @property
    def clock_offset(self) -> timedelta:
        """The host furthest from the database: how far its clock is ahead."""
        alive = (each.clock_offset for each in self.processes if each.is_alive(self.at))
        return max((self.times.host_offset, *alive), key=abs)

    @property
    def clock(self) -> str:
        """In one word."""
        if self.clock_ahead:
            return "leapt"
        return "hosts_disagree" if abs(self.clock_offset) > OFFSET_BOUND else "ok"


def report() -> Report:
    """How things stand now; django.db.Error."""
    times = clock.look()
    return Report(times, list(ProcessRegistration.objects.all()), overdue(times.trusted_at))


database_verdict: Cached[str] = Cached(database_state, VERDICT_SECONDS)
broker_verdict: Cached[str] = Cached(broker_state, VERDICT_SECONDS)
key_verdict: Cached[KeyState] = Cached(known_keys.compare, VERDICT_SECONDS)
recent_report: Cached[Report] = Cached(report, REPORT_SECONDS)
