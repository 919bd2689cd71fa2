"""`revoke_role`: a person has no role in a workspace any more; safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from schedules import access
from schedules.management.database_errors import explained_database_errors
from schedules.management.people import add_membership_arguments, person_named, workspace_of_name


class Command(BaseCommand):
    """Take a role away."""

    help = "Take away the role that a person has in a workspace."

    def add_arguments(self, parser: CommandParser) -> None:
        add_membership_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with explained_database_errors():
            person, workspace = person_named(options["user"]), workspace_of_name(options["workspace"])
            had_one = access.take_away(person.pk, workspace)
        now = "no longer has a role" if had_one else "had no role"
        self.stdout.write(f"{person.get_username()} {now} in {workspace.name}.")
