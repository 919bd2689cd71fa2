"""Django's question `user.has_perm(…)`, answered from memberships.

The permissions and groups of Django's own tables say nothing here: they know no workspaces.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import Model

from schedules.access.permissions import LEAST_ROLES
from schedules.access.roles import holds


class RoleBackend(ModelBackend):
    """Logs in by name and password; a person's rights are those of their roles."""

    def get_user_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        """Those of Django's table: none."""
        return set()

    def get_group_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        """Those of groups: none."""
        return set()

    def get_all_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        """What the person may do to the row, or in any workspace."""
        return {permission for permission in LEAST_ROLES if holds(user_obj, permission, obj)}

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        """Whether the person may do this to the row, or in any workspace."""
        return holds(user_obj, perm, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether there is anything for the person to see of an app."""
        return any(self.has_perm(user_obj, name) for name in LEAST_ROLES if name.startswith(f"{app_label}."))
