"""`create_api_key`: a new key of a workspace; its token alone is printed, once and never again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from schedules import api_keys
from schedules.database.clock import database_now
from schedules.errors import Refused
from schedules.management.arguments import lifetime, value_of
from schedules.management.database_errors import explained_database_errors
from schedules.management.workspaces import add_workspace_arguments, workspace_named
from schedules.models import Agent, ApiKey, Scope, Workspace


class Command(BaseCommand):
    """Issue an API key."""

    help = "Issue an API key and print its token, which cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        add_workspace_arguments(parser)
        parser.add_argument("--scope", choices=Scope.values, default=Scope.WRITE, help="default: write")
        parser.add_argument(
            "--name", default="", type=value_of(ApiKey, "name"), help="for people, in the console"
        )
        parser.add_argument(
            "--expires-in",
            type=lifetime,
            default=api_keys.LIFETIME,
            metavar="30d",
            help="12h, 30d, 4w or never; default: 365d",
        )
        parser.add_argument(
            "--agent",
            action="append",
            dest="agents",
            metavar="KEY",
            help="limit it to this agent; may be given several times; default: every agent",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with explained_database_errors(), transaction.atomic():
            workspace = workspace_named(options["workspace"], self.stderr)
            lifetime = options["expires_in"]
            expires_at = database_now() + lifetime if lifetime else None
            issued = api_keys.issue(
                workspace,
                scope=Scope(options["scope"]),
                name=options["name"],
                expires_at=expires_at,
                agents=_agents(workspace, options["agents"]),
                created_by="command",
            )
        self.stdout.write(issued.token)


def _agents(workspace: Workspace, agent_keys: list[str] | None) -> list[Agent] | None:
    if agent_keys is None:
        return None
    try:
        return api_keys.agents_named(workspace, agent_keys)
    except Refused as refusal:
        raise CommandError(f"--agent: {refusal}.") from None
