"""Fire as a beat does: what is due fires, and its messages leave."""

from datetime import datetime

from schedules.firing.due import fire_due
from schedules.messages import dispatch


def fire(now: datetime, limit: int) -> int:
    """How many schedules were due."""
    fired = fire_due(now, limit)
    dispatch.send_now(fired.runs)
    return fired.due_count
