"""Which role a provider's group gives in which workspace: `group=role@workspace`, or `group=superuser`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

SUPERUSER: Final = "superuser"
ROLES: Final = ("viewer", "operator", "editor", "administrator")
"""From the least on; held against the roles of memberships by a test."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What somebody's groups give them.

    `roles`: by the name of each workspace that any line speaks of, the role there, None for none.
    `decides_superusers`: whether any line makes superusers, so that who is in none of its groups is not one.
    """

    roles: Mapping[str, str | None]
    is_superuser: bool
    decides_superusers: bool


def roles_of(groups: Collection[str], lines: Sequence[str]) -> Granted:
    """What these groups give by the lines of ORQ_OIDC_ROLES."""
    roles: dict[str, str | None] = {}
    read = [read_line(line) for line in lines]
    for group, role, workspace in read:
        if workspace:
            roles[workspace] = _higher(roles.get(workspace), role if group in groups else None)
    superusers = {group for group, role, workspace in read if role == SUPERUSER}
    return Granted(roles, bool(superusers & set(groups)), bool(superusers))


def read_line(line: str) -> tuple[str, str, str]:
    """Group, role and workspace, which is empty for superusers; ValueError."""
    group, equals, given = line.rpartition("=")
    role, _, workspace = given.partition("@")
    is_right = (role == SUPERUSER and not workspace) or (role in ROLES and bool(workspace))
    if not (equals and group and is_right):
        raise ValueError(f"{line!r} is not group=role@workspace ({', '.join(ROLES)}) or group={SUPERUSER}")
    return group, role, workspace


def _higher(one: str | None, other: str | None) -> str | None:
    return max((role for role in (one, other) if role), key=ROLES.index, default=None)
