"""What was written into the journal by something that a test does."""

from collections.abc import Callable

from schedules.models import JournalEntry

Act = tuple[str, str]
"""Verb and type of the object."""


def written_by(do: Callable[[], object]) -> list[JournalEntry]:
    """The lines that came of it, the oldest first."""
    before = set(JournalEntry.objects.values_list("id", flat=True))
    do()
    return list(JournalEntry.objects.exclude(id__in=before).order_by("id"))


def acts(lines: list[JournalEntry]) -> set[Act]:
    """What they say was done."""
    return {(line.verb, line.object_type) for line in lines}
