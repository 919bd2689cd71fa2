"""What is held, where somebody may look: nobody shall wonder why nothing runs."""

from datetime import datetime

from schedules import holds
from schedules.models import Hold
from schedules.overview.reach import Reach


def held(reach: Reach, now: datetime) -> list[Hold]:
    """The holds in force that stop anything there, the widest first."""
    return [hold for hold in holds.in_force(now) if _is_seen(hold, reach)]


def _is_seen(hold: Hold, reach: Reach) -> bool:
    if hold.workspace_id is None:
        return True
    if reach.workspaces is not None and hold.workspace_id not in reach.workspaces:
        return False
    return hold.agent_id is None or reach.agents is None or hold.agent_id in reach.agents
