"""Alert: one thing that somebody is to be told, whichever way it goes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

RULES: Final = (
    *("schedule.failing", "schedule.flapping", "agent.outage", "fire.missed", "fire.late"),
    *("schedule.paused", "schedule.resumed", "ledger.finding", "beat.stalled", "workers.gone"),
    *("broker.down", "clock.leapt", "key.expiring", "agent.saturated"),
)
"""What an endpoint may subscribe to."""

TEST_TYPE: Final = "webhook.test"


@dataclass(frozen=True)
class Alert:
    """A message before it is anybody's.

    `type`: such as `agent.outage.opened`, `schedule.failing.recovered`, `alerts.digest`. `incident_id`: a ULID, empty
    without an incident. `severity`: critical, warning or info. `summary`: one English sentence for people.
    `data`: the JSON object of the body (ids, code, counts, console_url). `ends`: it tells of the incident's end.
    """

    type: str
    workspace_id: UUID
    incident_id: str
    created_at: datetime
    severity: str
    summary: str
    data: dict[str, object]
    ends: bool = False

    @property
    def rule(self) -> str:
        """The rule it comes from; empty when it is for everybody."""
        return next((rule for rule in RULES if self.type == rule or self.type.startswith(f"{rule}.")), "")
