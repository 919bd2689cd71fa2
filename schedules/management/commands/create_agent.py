"""`create_agent`: register an agent, or change what is named of one that exists; running it again is harmless."""

import os
import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from schedules import agents
from schedules.management.arguments import base_url, url_path, value_of
from schedules.management.database_errors import explained_database_errors
from schedules.management.workspaces import add_workspace_arguments, workspace_named
from schedules.models import Agent, AgentVersion, RuntimeName, Workspace

KEY_HINT = "A key is letters and digits, in parts joined by . _ or -, and begins with a letter."

_FIELDS = {"runtime": "runtime", "url": "base_url", "path": "path"}
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*[\x21-\x7e]")


class Command(BaseCommand):
    """Create or update an agent."""

    help = "Create an agent, or update the one with this key; only the settings you name change."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", type=value_of(Agent, "key", KEY_HINT), help="the key that clients use")
        add_workspace_arguments(parser)
        parser.add_argument(
            "--runtime", choices=RuntimeName.values, help="default for a new agent: responses"
        )
        parser.add_argument("--url", type=base_url, help="where the agent's server is, e.g. https://host")
        parser.add_argument("--path", type=url_path, help="OpenAI-compatible servers: /v1/responses")
        parser.add_argument("--tag", type=value_of(AgentVersion, "tag"), help="a version schedules can pin")
        parser.add_argument("--activate", action="store_true", help="make the tag the active version")
        parser.add_argument(
            "--credential-env",
            metavar="VAR",
            help="environment variable that holds the Authorization header's value, e.g. 'Bearer abc'",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["activate"] and not options["tag"]:
            raise CommandError("--activate needs --tag, the version to make active.")
        credential = _credential(options["credential_env"])
        with explained_database_errors(), transaction.atomic():
            workspace = workspace_named(options["workspace"], self.stderr)
            agent, is_new = _saved(workspace, options)
            if credential:
                agents.set_credential(agent, credential)
            if options["tag"]:
                agents.add_version(agent, options["tag"], activate=options["activate"])
        self.stdout.write(f"{'Created' if is_new else 'Updated'} agent {agent.key} ({agent.runtime}).")


def _credential(variable: str | None) -> str | None:
    """The variable's value: secrets never stand on a command line, where every user of the machine sees them."""
    if variable is None:
        return None
    value = os.environ.get(variable, "").strip()
    if not value:
        raise CommandError(f"--credential-env: the environment variable {variable} is not set or empty.")
    if not _HEADER_VALUE.fullmatch(value):
        raise CommandError(f"--credential-env: the value of {variable} is not one line of plain ASCII.")
    return value


def _saved(workspace: Workspace, options: dict[str, Any]) -> tuple[Agent, bool]:
    """The agent with what was named of it changed, and whether it is new."""
    key = options["key"]
    stored = Agent.objects.select_for_update().filter(workspace=workspace, key=key).first()
    agent = stored or Agent(workspace=workspace, key=key)
    for option, field in _FIELDS.items():
        if options[option] is not None:
            setattr(agent, field, options[option])
    if agent.runtime == RuntimeName.RESPONSES and not agent.base_url:
        raise CommandError(
            "The responses runtime calls a server; give its address with --url, e.g. https://host."
        )
    agent.save()
    return agent, stored is None
