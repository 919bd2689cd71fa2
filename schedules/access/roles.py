"""What a person may, read from their memberships; once for each request, since Django makes its user anew."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Model

from schedules.access.permissions import LEAST_ROLES
from schedules.models import Membership, MissedFiring, Role, Run, Workspace

_REMEMBERED = "_roles_of_console"


def role_in(user: Any, workspace_id: UUID | None) -> Role | None:
    """The person's role in the workspace; of a superuser too only what a membership says."""
    return _roles(user).get(workspace_id)


def holds(user: Any, permission: str, row: Model | None = None) -> bool:
    """Whether the person may do this to the row; without a row, whether they may in any workspace."""
    if not user.is_active:
        return False
    if user.is_superuser:
        return True
    if row is None:
        return bool(workspaces_where(user, permission))
    return workspace_of(row) in (workspaces_where(user, permission) or ())


def workspaces_where(user: Any, permission: str) -> frozenset[UUID] | None:
    """The workspaces in which the person may do this; None: in all there are, as superusers may."""
    if user.is_active and user.is_superuser:
        return None
    least = LEAST_ROLES.get(permission)
    if least is None or not user.is_active:
        return frozenset()
    return frozenset(id_ for id_, role in _roles(user).items() if id_ is not None and role.includes(least))


def workspace_of(row: Model) -> UUID | None:
    """Whose row it is; None: nobody's. Of a run its schedule says it: rows of older versions may not."""
    if isinstance(row, Workspace):
        return row.pk
    if isinstance(row, Run | MissedFiring):
        return row.schedule.workspace_id
    workspace_id: UUID | None = getattr(row, "workspace_id", None)
    return workspace_id


def _roles(user: Any) -> Mapping[UUID | None, Role]:
    roles: Mapping[UUID | None, Role] | None = getattr(user, _REMEMBERED, None)
    if roles is None:
        stored = Membership.objects.filter(user_id=user.pk).values_list("workspace_id", "role")
        roles = {workspace_id: Role(role) for workspace_id, role in stored if role in Role.values}
        setattr(user, _REMEMBERED, roles)
    return roles
