"""The journal: who did what, written in the transaction of the act itself."""

from schedules.journal.changes import CHANGED, difference, first_values
from schedules.journal.reading import CLOCKS_APART, as_document, between, oldest_first, visible_to
from schedules.journal.recording import actor_columns, batch, name_of, record, record_act
from schedules.journal.retention import prune
from schedules.journal.verbs import VERBS

__all__ = [
    "CHANGED",
    "CLOCKS_APART",
    "VERBS",
    "actor_columns",
    "as_document",
    "batch",
    "between",
    "difference",
    "first_values",
    "name_of",
    "oldest_first",
    "prune",
    "record",
    "record_act",
    "visible_to",
]
