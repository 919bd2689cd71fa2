"""Workspaces in the console."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from schedules.admin import cells
from schedules.admin.base import ConsoleAdmin
from schedules.admin.deletion import InUse
from schedules.models import Workspace


@admin.display(description="Id")
def workspace_id(workspace: Workspace) -> str:
    """The `workspace_id` clients see."""
    return cells.code(str(workspace.pk))


@admin.display(description="Work")
def links(workspace: Workspace) -> str:
    """Its schedules and runs."""
    pages = {
        "Schedules": reverse("admin:schedules_schedule_changelist"),
        "Runs": reverse("admin:schedules_run_changelist"),
    }
    first, second = (cells.link(f"{url}?workspace={workspace.pk}", text) for text, url in pages.items())
    return format_html("{} · {}", first, second)


@admin.display(description="Created", ordering="created_at")
def created(workspace: Workspace) -> str:
    """When it was made."""
    return cells.clock(workspace.created_at)


@admin.register(Workspace)
class WorkspaceAdmin(InUse[Workspace], ConsoleAdmin[Workspace]):
    """The pages of workspaces: members look at theirs, only superusers change them."""

    workspace_path = "pk"
    list_display = ("name", workspace_id, links, created)
    search_fields = ("name",)
    used_by = "agents"

    def get_fields(self, request: HttpRequest, obj: Workspace | None = None) -> Any:
        """What can be set; a page also shows its id and where its work is."""
        written = ("name", "max_in_flight")
        return written if obj is None else (*written, workspace_id, links, created)

    def get_readonly_fields(self, request: HttpRequest, obj: Workspace | None = None) -> Any:
        """What nobody sets."""
        return (workspace_id, links, created)
