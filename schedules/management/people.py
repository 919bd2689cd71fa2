"""The person and the workspace a command is about; neither is made by a typing error."""

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from schedules.models import Workspace


def add_membership_arguments(parser: CommandParser) -> None:
    """`USER WORKSPACE`."""
    parser.add_argument("user", metavar="USER", help="the name they log in with")
    parser.add_argument("workspace", metavar="WORKSPACE", help="the workspace's name")


def person_named(name: str) -> User:
    """Who logs in by this name; CommandError."""
    person = None if "\0" in name else User.objects.filter(username=name).first()
    if person is None:
        raise CommandError(f"There is no user {name!r}; create the person in the console first.")
    return person


def workspace_of_name(name: str) -> Workspace:
    """The workspace of this name; CommandError."""
    workspace = None if "\0" in name else Workspace.objects.filter(name=name).first()
    if workspace is None:
        raise CommandError(f"There is no workspace {name!r}.")
    return workspace
