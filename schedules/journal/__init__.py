"""The journal: who did what, written in the transaction of the act itself."""

from schedules.journal.changes import CHANGED, difference, first_values
from schedules.journal.recording import actor_columns, batch, name_of, record, record_act
from schedules.journal.retention import prune

__all__ = [
    "CHANGED",
    "actor_columns",
    "batch",
    "difference",
    "first_values",
    "name_of",
    "prune",
    "record",
    "record_act",
]
