"""The table of roles: for each thing a person can do in a workspace, the least role that may.

The names are those that Django's admin asks for (`view_run`), and some for acts that Django does not know
(`run_schedule`). What is not in here is for superusers only: people of the console, workspaces themselves,
housekeeping, audits of the whole ledger.
"""

from typing import Final

from schedules.models import CHANGE_ORIGIN, Role

_BY_ROLE: Final[dict[Role, tuple[str, ...]]] = {
    Role.VIEWER: (
        *("view_workspace", "view_schedule", "view_run", "view_missedfiring"),
        *("view_agent", "view_agentversion", "view_incident", "view_delivery"),
    ),
    Role.OPERATOR: (
        "run_schedule",
        "pause_schedule",
        "pause_agent",
        "cancel_run",
        "retry_run",
        "view_journalentry",
        "acknowledge_incident",
        "replay_delivery",
    ),
    Role.EDITOR: (
        *("add_schedule", "change_schedule", "delete_schedule"),
        *("change_agent", "add_agentversion", "change_agentversion"),
    ),
    Role.ADMINISTRATOR: (
        *("add_agent", CHANGE_ORIGIN, "delete_agent", "pause_workspace"),
        *("view_alertrule", "add_alertrule", "change_alertrule", "delete_alertrule"),
        *("view_apikey", "add_apikey", "rotate_apikey", "revoke_apikey"),
        *("view_webhook", "add_webhook", "change_webhook", "delete_webhook"),
        *("test_webhook", "rotate_webhook"),
        *("view_membership", "add_membership", "change_membership", "delete_membership"),
    ),
}

LEAST_ROLES: Final[dict[str, Role]] = {
    f"schedules.{name}": role for role, names in _BY_ROLE.items() for name in names
}
"""By permission, as `user.has_perm` is asked for it."""
