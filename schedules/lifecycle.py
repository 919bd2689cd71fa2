"""The lifecycle of a run as a table: the transitions there are, and no other. The README draws it."""

from typing import Final

from schedules.models import RunState

TRANSITIONS: Final = frozenset(
    {
        (RunState.PENDING, RunState.RUNNING),
        (RunState.PENDING, RunState.DISCARDED),
        (RunState.PENDING, RunState.CANCELLED),
        (RunState.RUNNING, RunState.SUCCEEDED),
        (RunState.RUNNING, RunState.FAILED),
        (RunState.RUNNING, RunState.CANCELLED),
        (RunState.RUNNING, RunState.PENDING),
    }
)

FINAL_STATES: Final = frozenset(RunState) - {before for before, _ in TRANSITIONS}
"""States a run stays in."""
