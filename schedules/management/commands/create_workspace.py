"""`create_workspace`: a workspace, or changes of one that exists; safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from schedules.management.agent_arguments import add_max_in_flight, chosen_max_in_flight
from schedules.management.arguments import value_of
from schedules.management.database_errors import explained_database_errors
from schedules.models import Workspace


class Command(BaseCommand):
    """Create or update a workspace."""

    help = "Create a workspace, or update the one with this name; only what you name changes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", type=value_of(Workspace, "name"), help="its name")
        add_max_in_flight(parser, "three quarters")

    def handle(self, *args: Any, **options: Any) -> None:
        with explained_database_errors():
            workspace, is_new = Workspace.objects.get_or_create(name=options["name"])
            if options["max_in_flight"] is not None:
                workspace.max_in_flight = chosen_max_in_flight(options)
                workspace.save(update_fields=["max_in_flight"])
        self.stdout.write(f"{'Created' if is_new else 'Updated'} workspace {workspace.name}.")
