"""Roles are given and taken away. Nobody gives a role above their own; each change stands in the journal."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from schedules.access.roles import role_in
from schedules.errors import RoleNotYours
from schedules.models import Membership, Role, Workspace


def may_give(giver: Any, workspace: Workspace, role: Role) -> bool:
    """Whether a person may give this role, or take it away; `giver` None: whoever has the command line."""
    if giver is None or (giver.is_active and giver.is_superuser):
        return True
    own = role_in(giver, workspace.pk) if giver.is_active else None
    return own is not None and own.includes(Role.ADMINISTRATOR) and own.includes(role)


@transaction.atomic
def give(user: Any, workspace: Workspace, role: Role, *, giver: Any = None, signature: str) -> Membership:
    """The person has this role in the workspace from now on, and no other; RoleNotYours."""
    membership = _locked(user.pk).filter(workspace=workspace).first()
    if membership is None:
        membership = Membership(user=user, workspace=workspace, created_by_id=signature)
    _check(giver, workspace, Role(membership.role or role), role)
    membership.role = role
    membership.save()
    return membership


@transaction.atomic
def take_away(user_id: int, workspace: Workspace, *, giver: Any = None) -> bool:
    """The person has no role in the workspace any more; False: they had none. RoleNotYours."""
    membership = _locked(user_id).filter(workspace=workspace).first()
    if membership is None:
        return False
    _check(giver, workspace, Role(membership.role))
    membership.delete()
    return True


@transaction.atomic
def follow_groups(user: Any, roles: Mapping[str, str | None], *, signature: str) -> None:
    """In each of these workspaces, by name, the person has this role from now on; None: none."""
    for workspace in Workspace.objects.filter(name__in=roles).order_by("name"):
        wanted = roles[workspace.name]
        if wanted is None:
            take_away(user.pk, workspace)
        elif role_in(user, workspace.pk) != wanted:
            give(user, workspace, Role(wanted), signature=signature)


def _locked(user_id: int) -> QuerySet[Membership]:
    """The memberships of a person, whose row is locked: there may be none yet that could be."""
    get_user_model().objects.select_for_update(of=("self",), no_key=True).filter(pk=user_id).first()
    return Membership.objects.filter(user_id=user_id)


def _check(giver: Any, workspace: Workspace, *roles: Role) -> None:
    if not all(may_give(giver, workspace, role) for role in roles):
        raise RoleNotYours
