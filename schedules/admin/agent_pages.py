"""Agents in the console: runtime settings, a write-only credential, and their versions."""

from contextlib import suppress
from typing import Any, ClassVar, Final

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from schedules import agents, journal
from schedules.admin import agent_health_cells, cells, pause_cells
from schedules.admin.agent_form import OF_ORIGIN, AgentForm, VersionForm, VersionFormSet
from schedules.admin.base import ConsoleList
from schedules.admin.call_once import CallPages
from schedules.admin.filters import WorkspaceFilter
from schedules.admin.pause_cells import hold_words, state
from schedules.admin.pause_pages import RELEASE
from schedules.admin.typed import ModelForm, TabularInline
from schedules.agents import Saved
from schedules.agents.secret_settings import masked_headers
from schedules.database.clock import time_to_act
from schedules.errors import AgentNotFound
from schedules.models import CHANGE_ORIGIN, Agent, AgentVersion

MOST_COUNTED: Final = 500
"""Of an agent's schedules the list counts so many: of thousands nobody needs the last one."""

_HEALTH: Final = (agent_health_cells.health, agent_health_cells.in_flight, agent_health_cells.waiting)

_COUNTED: Final = (
    "SELECT count(*) FROM (SELECT 1 FROM schedules_schedule"
    " WHERE agent_id = schedules_agent.id AND deleted_at IS NULL LIMIT %s) AS counted"
)


@admin.display(description="Active version")
def active_tag(agent: Agent) -> str:
    """The active version's tag; needs the annotations of the list."""
    return getattr(agent, "active_tag", None) or cells.NOTHING


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
    """How many live schedules it has, as far as they are counted; needs the annotations of the list."""
    count = getattr(agent, "schedule_count", 0)
    return f"{count:,}" if count < MOST_COUNTED else f"{MOST_COUNTED:,} or more"


@admin.display(description="Key", ordering="key")
def key(agent: Agent) -> str:
    """Its key and where it answers."""
    return cells.two_lines(agent.key, f"{agent.base_url}{agent.path}" if agent.base_url else "")


@admin.display(description="Credential")
def credential_state(agent: Agent) -> str:
    """Whether one is stored."""
    return cells.badge("stored", "success") if agent.sealed_credential else cells.badge("none")


@admin.display(description="Client key")
def client_key_state(agent: Agent) -> str:
    """Whether one is stored."""
    return cells.badge("stored", "success") if agent.sealed_client_key else cells.badge("none")


@admin.display(description="Signing secrets")
def signing_state(agent: Agent) -> str:
    """How many are stored."""
    return cells.badge(str(len(agent.sealed_signing_secrets)))


@admin.display(description="Extra headers")
def headers(agent: Agent) -> str:
    """Their secret values masked."""
    return cells.json_block(masked_headers(agent.extra_headers))


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

    def has_view_permission(self, request: HttpRequest, obj: Agent | None = None) -> bool:
        """As the person's role in the agent's workspace says; so for the others."""
        return request.user.has_perm("schedules.view_agentversion", obj)

    def has_add_permission(self, request: HttpRequest, obj: Agent | None = None) -> bool:
        """Whether a tag may be added."""
        return request.user.has_perm("schedules.add_agentversion", obj)

    def has_change_permission(self, request: HttpRequest, obj: Agent | None = None) -> bool:
        """Whether another one may become the active one."""
        return request.user.has_perm("schedules.change_agentversion", obj)


class AgentList(ConsoleList):
    """The list's rows, with their active version and the number of their schedules."""

    def get_queryset(self, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """One statement, however many rows."""
        active = AgentVersion.objects.filter(agent=OuterRef("pk"), is_active=True)
        rows: QuerySet[Any] = super().get_queryset(*args, **kwargs)
        annotated: QuerySet[Any] = rows.annotate(
            active_tag=Subquery(active.values("tag")[:1]),
            schedule_count=RawSQL(_COUNTED, [MOST_COUNTED]),  # noqa: S611  (a text of our own)
        )
        return annotated

    def get_results(self, request: HttpRequest) -> None:
        """With what holds them, read once."""
        super().get_results(request)
        pause_cells.remember(self.result_list)
        agent_health_cells.remember(self.result_list)


@admin.register(Agent)
class AgentAdmin(CallPages):
    """The pages of agents."""

    workspace_path = "workspace"
    list_class = AgentList
    form = AgentForm
    inlines = (VersionInline,)
    list_display = (
        key,
        "workspace",
        state,
        agent_health_cells.health,
        agent_health_cells.in_flight,
        agent_health_cells.waiting,
        active_tag,
        schedule_count,
    )
    verbs = (RELEASE,)
    list_filter = (WorkspaceFilter, "runtime")
    list_select_related = ("workspace",)
    search_fields = ("key", "base_url")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agent]:
        """Without the deleted ones."""
        return super().get_queryset(request).filter(deleted_at=None)

    def get_form(
        self, request: HttpRequest, obj: Agent | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Agent]]:
        """The form of this page; without what belongs to the agent's origin for who may not change it."""
        form = super().get_form(request, obj, change=change, **kwargs)
        may = self._may_change_origin(request, obj)
        left_out = {} if may else dict.fromkeys(OF_ORIGIN)
        return type(form.__name__, (form,), {"may_change_origin": may, **left_out})

    def _may_change_origin(self, request: HttpRequest, obj: Agent | None) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.{CHANGE_ORIGIN}", obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Agent | None = None) -> Any:
        """Workspace and key stay what clients know them as; not everybody edits what belongs to the origin."""
        shown: tuple[Any, ...] = (
            *_HEALTH,
            credential_state,
            headers,
            client_key_state,
            signing_state,
            links,
            hold_words,
        )
        if not self._may_change_origin(request, obj):
            shown = (*shown, "credential_header", "ca_pem", "client_certificate_pem")
        return shown if obj is None else ("workspace", "key", *shown)

    def get_fieldsets(self, request: HttpRequest, obj: Agent | None = None) -> Any:
        """Who it is, how it is called, how long and how often."""
        may_write = self._may_change_origin(request, obj)
        identity = ("workspace", "key", *((links, _HEALTH[0], _HEALTH[1:], hold_words) if obj else ()))
        secrets = _secret_fields(obj) if may_write else (credential_state, headers)
        tls = _tls_fields(obj) if may_write else ("ca_pem", "client_certificate_pem", client_key_state)
        signing = _signing_fields(obj) if may_write else (signing_state,)
        return (
            (None, {"fields": identity}),
            (
                "Runtime",
                {"fields": ("runtime", "base_url", "path", "dialect", "credential_header", *secrets)},
            ),
            (
                "Request",
                {
                    "fields": (
                        "model",
                        "provider",
                        ("input_price", "output_price"),
                        "extra_body",
                        "background",
                        "stream",
                    )
                },
            ),
            ("Limits", {"fields": (*_TIMEOUTS, "max_response_bytes", "max_in_flight")}),
            ("Retries", {"fields": ("max_attempts", "max_silent_attempts", "retry_base", "retry_cap")}),
            ("Certificates", {"fields": tls, "classes": ("collapse",)}),
            ("Signed calls", {"fields": signing, "classes": ("collapse",)}),
        )

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Agent:
        """The agent as it is stored, or empty: nothing is written before the versions are looked at too."""
        agent: Agent = form.instance
        return agent

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        """The verb writes; the versions that follow belong to what it has saved."""
        saved: Saved = form.apply()
        obj.pk = saved.agent.pk
        obj.refresh_from_db()
        if saved.unfit_schedule_count:
            self.message_user(request, _unfit(saved.unfit_schedule_count), messages.WARNING)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The versions; the form itself has no relations to save."""
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)

    def delete_model(self, request: HttpRequest, obj: Agent) -> None:
        """Through the verb; somebody else may have been quicker."""
        with suppress(AgentNotFound):
            agents.delete(obj.id, time_to_act())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Agent]) -> None:
        """Each through the verb."""
        with journal.batch():
            for agent in queryset:
                self.delete_model(request, agent)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """The agents alone: their schedules end by themselves, the history stays."""
        names = [f"{agent} (its schedules end, their run history stays)" for agent in objs]
        return names, {str(self.opts.verbose_name_plural): len(names)}, self.undeletable(request, objs), []


_TIMEOUTS = ("connect_timeout", "read_timeout", "total_timeout")


def _secret_fields(obj: Agent | None) -> tuple[Any, ...]:
    remove = ("remove_credential",) if obj is not None and obj.sealed_credential else ()
    return ("credential", *remove, "extra_headers")


def _tls_fields(obj: Agent | None) -> tuple[Any, ...]:
    remove = ("remove_client_key",) if obj is not None and obj.sealed_client_key else ()
    return ("ca_pem", "client_certificate_pem", "client_key_pem", *remove)


def _signing_fields(obj: Agent | None) -> tuple[Any, ...]:
    remove = ("remove_signing_secrets",) if obj is not None and obj.sealed_signing_secrets else ()
    return ("signing_secrets", *remove)


def _unfit(count: int) -> str:
    schedules = "schedule" if count == 1 else "schedules"
    return f"{count} {schedules} of this agent can't be sent with these settings; their runs will fail."
