"""Every command of `manage.py` that is ours, or changes something: its words, and the acts that it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User

from schedules import access, api_keys
from schedules.models import Role, Scope
from tests.factories import make_agent, make_hold, make_workspace
from tests.schedules.journal.lines import Act


@dataclass(frozen=True)
class Given:
    """A command line, what must be there before, and the acts."""

    words: Callable[[], list[str]]
    acts: set[Act]


def _key() -> list[str]:
    return [api_keys.issue(make_workspace(), scope=Scope.READ, name="CI").key.id]


def _person() -> list[str]:
    return [User.objects.create(username="anna").username, make_workspace("Acme").name]


def _member() -> list[str]:
    access.give(User.objects.create(username="anna"), make_workspace("Acme"), Role.VIEWER, signature="test")
    return ["anna", "Acme"]


def _held() -> list[str]:
    make_hold(make_workspace("Acme"))
    return ["--workspace", "Acme", "--yes"]


def _agent() -> list[str]:
    make_agent(make_workspace("Acme"))
    return ["--workspace", "Acme", "--agent", "digest", "--yes", "--note", "The provider is down"]


CHANGING: Final[dict[str, Given]] = {
    "create_workspace": Given(lambda: ["Acme"], {("create", "workspace")}),
    "create_agent": Given(
        lambda: ["digest", "--workspace", "Acme", "--runtime", "echo", "--tag", "v1"],
        {("create", "workspace"), ("create", "agent")},
    ),
    "create_api_key": Given(
        lambda: ["--workspace", "Acme", "--scope", "read"], {("create", "workspace"), ("create", "apikey")}
    ),
    "rotate_api_key": Given(_key, {("update", "apikey"), ("create", "apikey")}),
    "grant_role": Given(lambda: [*_person(), "editor"], {("create", "membership")}),
    "revoke_role": Given(_member, {("delete", "membership")}),
    "hold": Given(_agent, {("hold", "hold")}),
    "release": Given(_held, {("release", "hold")}),
    "rotate_secrets": Given(list, {("rotate", "secrets")}),
    "seed_demo": Given(
        list,
        {
            *(("create", kind) for kind in ("workspace", "agent", "schedule", "apikey", "user")),
            ("set_version", "agent"),
        },
    ),
    "createsuperuser": Given(
        lambda: ["--noinput", "--username", "new", "--email", "new@example.org"], {("create", "user")}
    ),
}

READING: Final = {"audit", "explain", "export_journal", "healthy", "migrate", "next_fires", "status"}
"""Commands of ours that change nothing that a person would ask about."""

DJANGOS: Final = {"createsuperuser"}
"""Commands of Django's that operators use to change something."""
