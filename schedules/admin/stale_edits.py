"""Two people edit one schedule: the one who saves later is told what the other has changed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from schedules import lengths
from schedules.admin import journal_cells
from schedules.models import JournalEntry, Schedule

MOST_TOLD: Final = 5


def what_changed_since(schedule: Schedule, revision: str, now: datetime) -> Iterator[str]:
    """A sentence for each edit that came after this revision, the newest first."""
    edits = JournalEntry.objects.filter(object_id=schedule.pk, object_type="schedule")
    later = edits.filter(revision__gt=int(revision)) if revision.isdecimal() and len(revision) < 19 else edits
    for line in later.order_by("-id")[:MOST_TOLD]:
        changes = journal_cells.in_words(line)
        told = f": {changes}" if changes else ""
        yield f"{line.actor_name or 'Somebody'} changed this schedule {lengths.relative(line.at, now)}{told}."
