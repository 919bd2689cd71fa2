"""Fire as a beat does: what is due fires, and its messages leave."""

from datetime import datetime

from schedules.firing.due import fire_due
from schedules.messages import dispatch


def fire(now: datetime, limit: int, room: int | None = None) -> int:
    """How many schedules were due. `room`: how many messages may leave, None: all."""
    fired = fire_due(now, limit, room)
    dispatch.send_now(fired.runs)
    return fired.due_count
