"""`explain`: why did, or didn't, a schedule run at an instant?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from schedules.database.clock import database_now
from schedules.ledger.explaining import explain
from schedules.management.arguments import instant, value_of
from schedules.management.database_errors import explained_database_errors
from schedules.models import Schedule


class Command(BaseCommand):
    """Explain an instant."""

    help = "Explain why a schedule (even a deleted one) ran or did not run at an instant."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schedule_id", type=value_of(Schedule, "id"), help="its ULID")
        parser.add_argument("at", type=instant, metavar="instant", help="e.g. 2026-06-01T09:00:00Z")

    def handle(self, *args: Any, **options: Any) -> None:
        with explained_database_errors():
            schedule = Schedule.objects.filter(id=options["schedule_id"]).first()
            if schedule is None:
                raise CommandError("There is no schedule with this id, or it was pruned after its deletion.")
            explanation = explain(schedule, options["at"], database_now())
        self.stdout.write(f"{explanation.outcome}: {explanation.words}.")
        if explanation.run is not None:
            self.stdout.write(f"run {explanation.run.id}, generation {explanation.generation}")
