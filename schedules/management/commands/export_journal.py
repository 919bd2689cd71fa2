"""`export_journal`: the journal as JSON lines, oldest first, for an archive or another system."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from schedules import journal
from schedules.management.arguments import instant, value_of
from schedules.management.database_errors import explained_database_errors
from schedules.models import JournalEntry, Workspace


class Command(BaseCommand):
    """Export the journal."""

    help = "Write the journal as JSON lines, oldest first; however long it is, little of it is in memory."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--workspace", type=value_of(Workspace, "name"), metavar="NAME", help="default: all lines"
        )
        for name, meaning in (("--since", "from this instant on"), ("--until", "before this instant")):
            parser.add_argument(
                name, type=instant, metavar="INSTANT", help=f"{meaning}, e.g. 2026-06-01T09:00:00Z"
            )
        parser.add_argument(
            "--output", metavar="FILE", help="a new file, for its owner's eyes only; default: standard output"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with explained_database_errors():
            lines = JournalEntry.objects.filter(**_of_workspace(options["workspace"]))
            lines = journal.between(lines, options["since"], options["until"])
            with _opened(options["output"], self.stdout) as file:
                count = _write(lines, file)
        if options["output"]:
            self.stderr.write(f"{count} lines written to {options['output']}.")


def _write(lines: "QuerySet[JournalEntry]", file: TextIO) -> int:
    count = 0
    for line in journal.oldest_first(lines):
        file.write(json.dumps(journal.as_document(line), ensure_ascii=False) + "\n")
        count += 1
    return count


def _of_workspace(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    workspace = Workspace.objects.filter(name=name).first()
    if workspace is None:
        raise CommandError(f"There is no workspace {name!r}.")
    return {"workspace_id": workspace.pk}


@contextmanager
def _opened(path: str | None, stdout: Any) -> Iterator[TextIO]:
    """Standard output, or the file: an existing one is not overwritten."""
    if path is None:
        yield stdout
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yield file
