"""What an audit looks at: up to when, since when, and of which schedule."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """`schedule_id`, `since`: None for all schedules, and for as far back as there is anything."""

    now: datetime
    schedule_id: str | None = None
    since: datetime | None = None

    def of(self, column: str) -> dict[str, str]:
        """The condition that a column holds the schedule's id."""
        return {} if self.schedule_id is None else {column: self.schedule_id}
