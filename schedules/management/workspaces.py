"""The workspace a command works in."""

from django.core.management.base import CommandParser, OutputWrapper

from schedules.management.arguments import value_of
from schedules.models import Workspace


def add_workspace_arguments(parser: CommandParser) -> None:
    """`--workspace NAME`."""
    parser.add_argument(
        "--workspace",
        required=True,
        metavar="NAME",
        type=value_of(Workspace, "name"),
        help="the workspace's name; it is created if it does not exist",
    )


def workspace_named(name: str, stderr: OutputWrapper) -> Workspace:
    """The workspace of this name; one that is made is told on standard error: it may be a typing error."""
    workspace, is_new = Workspace.objects.get_or_create(name=name)
    if is_new:
        stderr.write(f"Created workspace {name!r}.")
    return workspace
