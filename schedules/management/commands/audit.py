"""`audit`: recount the ledger; every instant has exactly one record, and no work is stuck or gone."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from schedules import ledger
from schedules.database.clock import database_now
from schedules.management.arguments import instant, value_of
from schedules.management.database_errors import explained_database_errors
from schedules.models import Schedule


class Command(BaseCommand):
    """Recount the ledger."""

    help = "Check that every instant of every schedule has a run, or a record that says why it has none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--schedule", type=value_of(Schedule, "id"), metavar="ID", help="default: all")
        parser.add_argument(
            "--since",
            type=instant,
            metavar="INSTANT",
            help="e.g. 2026-06-01T09:00:00Z; default: as far back as history is kept",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with explained_database_errors():
            now, keep = database_now(), timedelta(days=settings.ORQ.retention_days)
            _require_schedule(options["schedule"])
            result = ledger.audit(now, options["schedule"], options["since"] or ledger.kept_since(now, keep))
        self.stdout.write(str(result))
        findings = [str(finding) for finding in result.findings]
        for finding in findings:
            self.stdout.write(finding)
        for remedy in ledger.remedies_of(findings):  # for people: a script reads the other stream
            self.stderr.write(remedy)
        if not result.is_clean:
            raise CommandError(f"The ledger has {len(result.findings)} finding(s).")


def _require_schedule(schedule_id: str | None) -> None:
    """An audit of nothing would be clean."""
    if schedule_id is not None and not Schedule.objects.filter(id=schedule_id).exists():
        raise CommandError("There is no schedule with this id, or it was pruned after its deletion.")
