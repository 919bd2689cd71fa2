"""What a claim and a trigger ask about holds, in PostgreSQL's own words: conditions of their statements."""

from typing import Final

IS_FREE: Final = """NOT EXISTS (
    SELECT FROM schedules_hold AS hold
    WHERE hold.is_watched
      AND (hold.workspace_id IS NULL OR hold.workspace_id = schedule.workspace_id)
      AND (hold.agent_id IS NULL OR hold.agent_id = schedule.agent_id)
      AND {when}
)"""
"""No hold stops the `schedule`. Usually there is no row: the index of those that are watched is empty."""

IN_FORCE: Final = "hold.ended_at IS NULL AND (hold.until_at IS NULL OR hold.until_at > {now})"
