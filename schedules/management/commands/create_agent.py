"""`create_agent`: register an agent, or change what is named of one that exists; safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from schedules import agents
from schedules.agents import AgentChanges, Saved
from schedules.errors import Refused
from schedules.management.agent_arguments import add_agent_arguments, agent_changes
from schedules.management.arguments import value_of
from schedules.management.database_errors import explained_database_errors
from schedules.management.workspaces import add_workspace_arguments, workspace_named
from schedules.models import Agent, AgentVersion, Workspace

KEY_HINT = "A key is letters and digits, in parts joined by . _ or -, and begins with a letter."

_OPTIONS = {
    "base_url": "--url",
    "ca_pem": "--ca-file",
    "client_certificate_pem": "--client-certificate-file",
    "client_key_pem": "--client-key-file",
    "credential": "--credential-env",
    "extra_headers": "--secret-header",
    "signing_secrets": "--signing-secret-env",
}
"""How this command calls a setting, where that is not its name."""


class Command(BaseCommand):
    """Create or update an agent."""

    help = "Create an agent, or update the one with this key; only the settings you name change."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", type=value_of(Agent, "key", KEY_HINT), help="the key that clients use")
        add_workspace_arguments(parser)
        add_agent_arguments(parser)
        parser.add_argument("--tag", type=value_of(AgentVersion, "tag"), help="a version schedules can pin")
        parser.add_argument("--activate", action="store_true", help="make the tag the active version")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["activate"] and not options["tag"]:
            raise CommandError("--activate needs --tag, the version to make active.")
        changes = agent_changes(options)
        with explained_database_errors(), transaction.atomic():
            workspace = workspace_named(options["workspace"], self.stderr)
            saved, is_new = _saved(workspace, options["key"], changes)
            if options["tag"]:
                agents.add_version(saved.agent, options["tag"], activate=options["activate"])
        self.stdout.write(
            f"{'Created' if is_new else 'Updated'} agent {saved.agent.key} ({saved.agent.runtime})."
        )
        if saved.unfit_schedule_count:
            self.stderr.write(
                f"{saved.unfit_schedule_count} schedule(s) can't be sent this way; their runs will fail."
            )


def _saved(workspace: Workspace, key: str, changes: AgentChanges) -> tuple[Saved, bool]:
    """The agent with what was named of it changed, and whether it is new. Whoever has a shell here administers it."""
    found = Agent.objects.live().filter(workspace=workspace, key=key).first()
    try:
        if found is None:
            return Saved(agents.create(workspace, key, changes)), True
        return agents.update(found.id, changes, may_change_origin=True), False
    except Refused as refusal:
        raise CommandError(_in_options(refusal)) from None


def _in_options(refusal: Refused) -> str:
    """The refusal, with the option that it is about."""
    if refusal.param is None:
        return f"{refusal}."
    option = _OPTIONS.get(refusal.param, f"--{refusal.param.replace('_', '-')}")
    hint = " (--forget-secrets removes what is stored)" if "send" in str(refusal) else ""
    return f"{option}: {refusal}{hint}."
