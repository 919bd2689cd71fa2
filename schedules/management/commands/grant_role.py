"""`grant_role`: what a person may do in a workspace of the console; safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from schedules import access
from schedules.management.database_errors import explained_database_errors
from schedules.management.people import add_membership_arguments, person_named, workspace_of_name
from schedules.models import Role


class Command(BaseCommand):
    """Give a role."""

    help = "Give a person a role in a workspace, in place of the one they have there."

    def add_arguments(self, parser: CommandParser) -> None:
        add_membership_arguments(parser)
        parser.add_argument("role", choices=Role.values, help="what they may do")

    def handle(self, *args: Any, **options: Any) -> None:
        with explained_database_errors():
            person, workspace = person_named(options["user"]), workspace_of_name(options["workspace"])
            access.give(person, workspace, Role(options["role"]), signature="command")
        self.stdout.write(f"{person.get_username()} is {options['role']} in {workspace.name}.")
