"""`seed_demo`: a workspace to look at, with agents that need no model. Running it again changes nothing.

What a person changed or deleted since stays so. The API key's token and the console's password are kept in
the data folder, readable by its owner only, because the service itself cannot show them again.
"""

import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import transaction

from schedules import agents, api_keys, editing, journal, ledger, tallies
from schedules.database.clock import database_now
from schedules.editing import NewSchedule
from schedules.expressions.instants import rfc3339
from schedules.management import demo_history
from schedules.management.database_errors import explained_database_errors
from schedules.models import Agent, ApiKey, Schedule, ScheduleType, Scope, Workspace
from schedules.overview import coming_load

WORKSPACE = "Demo"
LOGIN = "demo"
TOKEN_FILE = "demo_api_key"  # noqa: S105  (a file's name)
PASSWORD_FILE = "demo_console_password"  # noqa: S105  (a file's name)
BRIEFING = "daily-briefing"
REMINDER = "reminder"
ONCE_AHEAD = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Demo:
    agent: str
    schedule: NewSchedule


class Command(BaseCommand):
    """Seed the demo."""

    help = "Create the demo workspace: agents, schedules, a week of history, an API key and a console login."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.ORQ.data_dir)
        with explained_database_errors(), transaction.atomic():
            is_empty = not Schedule.objects.exists()
            workspace, is_new = Workspace.objects.get_or_create(name=WORKSPACE)
            key, now = _api_key(workspace, folder / TOKEN_FILE), database_now()
            for demo in _demos(now):
                _seed(workspace, demo, key.actor)
            if is_new and is_empty:  # beside schedules that are real there is no past to be told
                demo_history.tell(workspace, key.actor, now)
            _console_login(folder / PASSWORD_FILE)
        if is_new:
            _look_at_it(now)
        self.stdout.write(f"The demo is in place; its API key is in {folder / TOKEN_FILE}.")


def _look_at_it(now: datetime) -> None:
    """What beats do now and then, done at once: folded, worked out and audited, the console shows it."""
    while tallies.fold() == tallies.BATCH:
        pass
    coming_load.refresh(now, timedelta(0))
    with demo_history.quietly("schedules.ledger.housekeeping"):
        ledger.audit_what_is_new(now, timedelta(days=settings.ORQ.retention_days))


def _demos(now: datetime) -> list[_Demo]:
    """One schedule of each type."""
    soon = rfc3339((now + ONCE_AHEAD).replace(microsecond=0))
    briefing = {"input": "Write the briefing for {{team}}.", "variables": {"team": "the platform team"}}
    inbox = {"input": "Sort the inbox of {{team}}.", "variables": {"team": "support"}}
    hello = {"input": "Say hello to {{name}}: the demo is a minute old.", "variables": {"name": "everybody"}}
    return [
        _Demo(BRIEFING, _new(ScheduleType.CRON, "0 0 9 * * mon-fri", briefing, "Briefing on weekdays")),
        _Demo(BRIEFING, _new(ScheduleType.INTERVAL, "@every 1h", inbox, "Inbox every hour")),
        _Demo(REMINDER, _new(ScheduleType.ONCE, f"@at {soon}", hello, "Hello, once")),
    ]


def _new(type_: str, expression: str, payload: dict[str, Any], name: str) -> NewSchedule:
    return NewSchedule(type=type_, expression=expression, payload=payload, display_name=name)


def _seed(workspace: Workspace, demo: _Demo, actor: str) -> None:
    agent, is_new = Agent.objects.get_or_create(
        workspace=workspace, key=demo.agent, defaults={"runtime": "echo"}
    )
    if is_new:
        journal.record("create", agent)
        agents.add_version(agent, "v1", activate=True)
    # Deleted ones count: what a person removed does not come back.
    if not Schedule.objects.filter(agent=agent, display_name=demo.schedule.display_name).exists():
        editing.create(agent, demo.schedule, actor, database_now())


def _api_key(workspace: Workspace, file: Path) -> ApiKey:
    """The key whose token the file holds, or a new one when that is lost, of another database, or shut."""
    key = api_keys.find(file.read_text().strip()) if file.exists() else None
    if key is not None and key.is_enabled and key.revoked_at is None:
        return key
    issued = api_keys.issue(workspace, scope=Scope.WRITE, name="Demo")
    _keep(file, issued.token)
    return issued.key


def _console_login(file: Path) -> None:
    users = get_user_model().objects
    user = users.filter(username=LOGIN).first() or users.create_superuser(LOGIN)
    if not file.exists():
        _keep(file, secrets.token_urlsafe(9))
        user.set_password(file.read_text().strip())
        user.save()


def _keep(file: Path, secret: str) -> None:
    """Write a secret for its owner's eyes only."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(secret + "\n")
