"""Agents in the console: runtime settings, a write-only credential, and their versions."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from schedules import agents
from schedules.admin import cells
from schedules.admin.agent_form import AgentForm, VersionForm, VersionFormSet
from schedules.admin.base import ConsoleAdmin, ConsoleList
from schedules.admin.deletion import InUse
from schedules.admin.typed import TabularInline
from schedules.models import Agent, AgentVersion, Schedule


@admin.display(description="Active version")
def active_tag(agent: Agent) -> str:
    """The active version's tag; needs the annotations of the list."""
    return getattr(agent, "active_tag", None) or cells.NOTHING


@admin.display(description="Runtime", ordering="runtime")
def runtime(agent: Agent) -> str:
    """What executes it."""
    return cells.badge(agent.runtime)


@admin.display(description="Active")
def is_active(version: AgentVersion) -> str:
    """Whether it is the active one."""
    return cells.badge("active", "success") if version.is_active else cells.NOTHING


@admin.display(description="Added")
def added(version: AgentVersion) -> str:
    """When it was added."""
    return cells.clock(version.created_at if version.pk else None)


@admin.display(description="Schedules")
def schedule_count(agent: Agent) -> str:
    """How many live schedules it has; needs the annotations of the list."""
    return f"{getattr(agent, 'schedule_count', 0):,}"


@admin.display(description="Key", ordering="key")
def key(agent: Agent) -> str:
    """Its key and where it answers."""
    return cells.two_lines(agent.key, f"{agent.base_url}{agent.path}" if agent.base_url else "")


@admin.display(description="Credential")
def credential_state(agent: Agent) -> str:
    """Whether one is stored."""
    return cells.badge("stored", "success") if agent.sealed_credential else cells.badge("none")


@admin.display(description="Work")
def links(agent: Agent) -> str:
    """Its schedules and runs."""
    pages = {
        "Schedules": reverse("admin:schedules_schedule_changelist"),
        "Runs": reverse("admin:schedules_run_changelist"),
    }
    first, second = (cells.link(f"{url}?agent={agent.pk}", text) for text, url in pages.items())
    return format_html("{} · {}", first, second)


class VersionInline(TabularInline[AgentVersion, Agent]):
    """The agent's tags."""

    model = AgentVersion
    form = VersionForm
    formset = VersionFormSet
    fields: ClassVar[Any] = ("tag", is_active, "activate", added)
    readonly_fields: ClassVar[Any] = (is_active, added)
    hide_title = True
    extra = 0
    can_delete = False
    verbose_name = "version"
    verbose_name_plural = "versions"


class AgentList(ConsoleList):
    """The list's rows, with their active version and the number of their schedules."""

    def get_queryset(self, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """One statement, however many rows."""
        active = AgentVersion.objects.filter(agent=OuterRef("pk"), is_active=True)
        live = Schedule.objects.live().filter(agent=OuterRef("pk")).order_by().values("agent")
        rows: QuerySet[Any] = super().get_queryset(*args, **kwargs)
        annotated: QuerySet[Any] = rows.annotate(
            active_tag=Subquery(active.values("tag")[:1]),
            schedule_count=Coalesce(Subquery(live.annotate(count=Count("pk")).values("count")), 0),
        )
        return annotated


@admin.register(Agent)
class AgentAdmin(InUse[Agent], ConsoleAdmin[Agent]):
    """The pages of agents."""

    form = AgentForm
    inlines = (VersionInline,)
    list_display = (key, "workspace", runtime, active_tag, credential_state, schedule_count)
    list_filter = ("workspace", "runtime")
    list_select_related = ("workspace",)
    search_fields = ("key", "base_url")
    used_by = "schedules"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list above."""
        return AgentList

    def get_readonly_fields(self, request: HttpRequest, obj: Agent | None = None) -> Any:
        """Workspace and key stay what clients know them as."""
        return (credential_state, links) if obj is None else ("workspace", "key", credential_state, links)

    def get_fieldsets(self, request: HttpRequest, obj: Agent | None = None) -> Any:
        """Who it is, how it is called, how long and how often."""
        identity = ("workspace", "key", *((links,) if obj else ()))
        return (
            (None, {"fields": identity}),
            ("Runtime", {"fields": ("runtime", "base_url", "path", *self._credential(request, obj))}),
            (
                "Limits",
                {"fields": ("connect_timeout", "read_timeout", "total_timeout", "max_response_bytes")},
            ),
            ("Retries", {"fields": ("max_attempts", "retry_base", "retry_cap")}),
        )

    def _credential(self, request: HttpRequest, obj: Agent | None) -> tuple[Any, ...]:
        if obj is not None and not self.has_change_permission(request, obj):
            return ("credential_header", credential_state)
        remove = ("remove_credential",) if obj is not None and obj.sealed_credential else ()
        return ("credential_header", "credential", *remove)

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        """Write what was changed, and only that; the credential by its own verb."""
        stored = {field.name for field in self.opts.fields}
        changed = [name for name in form.changed_data if name in stored]
        obj.save(update_fields=[*changed, "updated_at"] if change else None)
        if form.cleaned_data.get("remove_credential"):
            agents.set_credential(obj, "")
        elif form.cleaned_data["credential"]:
            agents.set_credential(obj, form.cleaned_data["credential"])
