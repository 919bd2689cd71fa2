"""`release`: what was held goes on; safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from schedules import holds
from schedules.errors import Refused
from schedules.holds.counting import count_stopped
from schedules.management.database_errors import explained_database_errors
from schedules.management.holds import add_reach_arguments, reach_of, require_confirmation


class Command(BaseCommand):
    """Lift a hold."""

    help = (
        "Lift the hold of an agent, of a workspace or of everything. What it stopped goes on in its cadence; other "
        "holds, and schedules that are paused themselves, stay as they are."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_reach_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with explained_database_errors():
                reach = reach_of(options)
                there = reach.open_holds().first()
                if there is None:
                    self.stdout.write(f"{reach} is not held.")
                    return
                stopped = count_stopped(reach)
                require_confirmation(
                    f"{holds.pause_of_hold(there)}. It stops {stopped}. Release it?", options
                )
                holds.release(reach)
        except Refused as refusal:
            raise CommandError(f"{refusal}.") from None
        self.stdout.write(f"Released: {reach}, {stopped}.")
