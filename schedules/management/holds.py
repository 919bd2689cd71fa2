"""What a command about holds reaches, and the question that it asks first."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from schedules.agents import find_agent
from schedules.errors import AgentNotFound
from schedules.holds import Reach
from schedules.management.arguments import value_of
from schedules.management.people import workspace_of_name
from schedules.models import Agent, Workspace


def add_reach_arguments(parser: CommandParser) -> None:
    """`--workspace NAME`, with `--agent KEY`; or `--everything`. And `--yes`."""
    parser.add_argument(
        "--workspace", metavar="NAME", type=value_of(Workspace, "name"), help="of all its agents"
    )
    parser.add_argument("--agent", metavar="KEY", type=value_of(Agent, "key"), help="of this agent alone")
    parser.add_argument("--everything", action="store_true", help="of all workspaces")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def reach_of(options: dict[str, Any]) -> Reach:
    """What the command line names, which must be there and be clear; CommandError."""
    workspace, agent, everything = options["workspace"], options["agent"], options["everything"]
    if everything == (workspace is not None) or (everything and agent is not None):
        raise CommandError("Say either --workspace NAME, with or without --agent KEY, or --everything.")
    if everything:
        return Reach()
    found = workspace_of_name(workspace)
    if agent is None:
        return Reach(found)
    try:
        return Reach.of_agent(find_agent(found, agent))
    except AgentNotFound:
        raise CommandError(f"Workspace {workspace!r} has no agent {agent!r}.") from None


def require_confirmation(question: str, options: dict[str, Any]) -> None:
    """Whoever gave the command says yes; CommandError, also where nobody can be asked."""
    if options["yes"]:
        return
    if not sys.stdin.isatty():
        raise CommandError(f"{question} Nobody can be asked here: say --yes.")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise CommandError("Nothing was changed.")
