"""Workspaces in the console."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from schedules import holds
from schedules.admin import cells, pause_cells
from schedules.admin.base import ConsoleList
from schedules.admin.deletion import InUse
from schedules.admin.pause_cells import hold_words, state
from schedules.admin.pause_pages import RELEASE, PausePages, holding, pause_page, require_superuser_post
from schedules.holds import Reach
from schedules.holds.counting import count_stopped
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


class WorkspaceList(ConsoleList):
    """The list's rows, with what holds them."""

    def get_results(self, request: HttpRequest) -> None:
        """The holds are read once."""
        super().get_results(request)
        pause_cells.remember(self.result_list)


@admin.register(Workspace)
class WorkspaceAdmin(InUse[Workspace], PausePages[Workspace]):
    """The pages of workspaces: members look at theirs, only superusers change them."""

    workspace_path = "pk"
    list_class = WorkspaceList
    list_display = ("name", state, workspace_id, links, created)
    verbs = (RELEASE,)
    search_fields = ("name",)
    used_by = "agents"

    def get_fields(self, request: HttpRequest, obj: Workspace | None = None) -> Any:
        """What can be set; a page also shows its id and where its work is."""
        written = ("name", "max_in_flight")
        return written if obj is None else (*written, hold_words, workspace_id, links, created)

    def get_readonly_fields(self, request: HttpRequest, obj: Workspace | None = None) -> Any:
        """What nobody sets."""
        return (hold_words, workspace_id, links, created)

    def get_urls(self) -> list[URLPattern]:
        """Two pages about all workspaces, ahead of those of one."""
        wrap = self.admin_site.admin_view
        return [
            path("everything/pause/", wrap(self.stop_everything), name="schedules_workspace_everything"),
            path("everything/release/", wrap(self.release_everything), name="schedules_workspace_release"),
            *super().get_urls(),
        ]

    def stop_everything(self, request: HttpRequest) -> HttpResponse:
        """Superusers hold all there is, on a page that asks for a note and an end."""
        require_superuser_post(request, is_post=False)
        reach = Reach()
        what = f"everything: {count_stopped(reach)}"
        return pause_page(self, request, what, holding(reach), reverse("admin:index"))

    def release_everything(self, request: HttpRequest) -> HttpResponse:
        """Superusers lift that; the holds of workspaces and agents stay."""
        refused = require_superuser_post(request, is_post=True)
        if refused is None:
            was_held = holds.release(Reach()) is not None
            words = "Released everything" if was_held else "Everything was not held"
            self.message_user(request, words, messages.SUCCESS if was_held else messages.WARNING)
        return refused or HttpResponseRedirect(reverse("admin:index"))
