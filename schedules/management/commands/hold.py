"""`hold`: nothing of an agent, of a workspace or at all fires or starts, until it is released; safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from schedules import holds
from schedules.errors import Refused
from schedules.holds.counting import count_stopped
from schedules.management.arguments import instant, value_of
from schedules.management.database_errors import explained_database_errors
from schedules.management.holds import add_reach_arguments, reach_of, require_confirmation
from schedules.models import Hold


class Command(BaseCommand):
    """Hold something."""

    help = (
        "Stop all schedules of an agent, of a workspace or of all workspaces, without changing them: their fire "
        "times are missed, waiting runs are discarded, calls in flight finish. Held already: note and end are new."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_reach_arguments(parser)
        parser.add_argument(
            "--note", default="", type=value_of(Hold, "note"), help="why, for whoever looks at it"
        )
        parser.add_argument(
            "--until",
            type=instant,
            metavar="INSTANT",
            help="when it ends by itself, e.g. 2026-06-08T07:00:00Z; default: when it is released",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with explained_database_errors():
                reach = reach_of(options)
                stopped = count_stopped(reach)
                require_confirmation(f"This stops {reach}: {stopped}. Hold it?", options)
                hold = holds.hold(reach, "command", note=options["note"], until=options["until"])
        except Refused as refusal:
            raise CommandError(f"{refusal}.") from None
        self.stdout.write(f"Now {holds.pause_of_hold(hold)}.")
        self.stdout.write(f"Stopped: {stopped}.")
