"""Who may do what in the console: the role of a person in a workspace, and what each role may."""

from schedules.access.memberships import follow_groups, give, may_give, take_away
from schedules.access.permissions import LEAST_ROLES
from schedules.access.roles import holds, role_in, workspace_of, workspaces_where

__all__ = [
    "LEAST_ROLES",
    "follow_groups",
    "give",
    "holds",
    "may_give",
    "role_in",
    "take_away",
    "workspace_of",
    "workspaces_where",
]
