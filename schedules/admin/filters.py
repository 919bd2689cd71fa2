"""Filters of the lists. None of them reads the whole table to find its choices."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from schedules import access
from schedules.admin.typed import ModelAdmin
from schedules.alerts.reading import STATES
from schedules.alerts.rules import OPENING
from schedules.database.clock import database_now
from schedules.database.ulids import lowest_ulid_at
from schedules.models import (
    Agent,
    AlertRule,
    ApiKey,
    Delivery,
    Incident,
    JournalEntry,
    Membership,
    MissedFiring,
    Run,
    Schedule,
    Webhook,
    Workspace,
)
from schedules.runs.reasons import REASONS

MOST_CHOICES = 500

Choices = list[tuple[Any, str]]


class ConsoleFilter(SimpleListFilter):
    """A filter whose value comes from the address bar, so it may be anything."""

    def value(self) -> str | None:
        """The chosen value; none when no database could hold it."""
        value = super().value()
        return None if value is None or "\0" in value else value


class SelectFilter(ConsoleFilter):
    """A filter with many choices, as a drop-down."""

    template = "console/select_filter.html"


class WorkspaceFilter(SelectFilter):
    """Rows of one workspace."""

    title = "workspace"
    parameter_name = "workspace"
    paths: ClassVar[dict[type[Model], str]] = {
        **dict.fromkeys((Schedule, Agent, AlertRule, ApiKey, Incident, Membership), "workspace"),
        **dict.fromkeys((Webhook, Delivery, Run), "workspace"),
        MissedFiring: "schedule__workspace",
        JournalEntry: "workspace_id",
    }

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """The workspaces whose rows the person may see."""
        workspaces = _within(request, model_admin, Workspace.objects.all(), "pk")
        return [(str(pk), name) for pk, name in workspaces.values_list("pk", "name")[:MOST_CHOICES]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the workspace; IncorrectLookupParameters for an id that is none."""
        if not self.value():
            return queryset
        try:
            return queryset.filter(**{self.paths[queryset.model]: self.value()})
        except ValidationError as error:
            raise IncorrectLookupParameters(error) from error


class AgentFilter(SelectFilter):
    """Rows of one agent; within the chosen workspace, if one is chosen."""

    title = "agent"
    parameter_name = "agent"
    paths = {Schedule: "agent", Run: "schedule__agent", MissedFiring: "schedule__agent"}

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """The agents by key; with several workspaces, whose they are."""
        seen = _within(request, model_admin, Agent.objects.all(), "workspace")
        agents = seen.values_list("pk", "key", "workspace__name", "workspace_id")
        workspace = request.GET.get(WorkspaceFilter.parameter_name)
        shown = [agent for agent in agents[:MOST_CHOICES] if workspace in {None, "", str(agent[3])}]
        is_one = len({agent[3] for agent in shown}) == 1
        return [(pk, key if is_one else f"{key} ({name})") for pk, key, name, _ in shown]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the agent."""
        return queryset.filter(**{self.paths[queryset.model]: self.value()}) if self.value() else queryset


class IncidentStateFilter(ConsoleFilter):
    """Incidents that are wrong now, seen or not, or over."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """The three states."""
        return [(state, state) for state in STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those in the state."""
        return queryset.filter(STATES.get(self.value() or "", Q()))


class RuleFilter(SelectFilter):
    """Incidents of one rule."""

    title = "rule"
    parameter_name = "rule"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """Those that open incidents."""
        return [(name, name) for name in OPENING]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the rule."""
        return queryset.filter(rule=self.value()) if self.value() else queryset


def _within(
    request: HttpRequest, model_admin: ModelAdmin[Any], rows: QuerySet[Any], path: str
) -> QuerySet[Any]:
    """Those of the rows in whose workspace the person may see what the list shows."""
    workspaces = access.workspaces_where(request.user, f"schedules.view_{model_admin.opts.model_name}")
    return rows if workspaces is None else rows.filter(**{f"{path}__in": workspaces})


class ScheduleFilter(ConsoleFilter):
    """Rows of one schedule; shown only when a link has chosen it."""

    title = "schedule"
    parameter_name = "schedule"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """The chosen one."""
        chosen = self.value()
        return [(chosen, chosen)] if chosen else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the schedule."""
        return queryset.filter(schedule_id=self.value()) if self.value() else queryset


class ActivityFilter(ConsoleFilter):
    """Schedules by whether they fire, and why not."""

    title = "activity"
    parameter_name = "activity"
    meanings = {
        "active": Q(is_active=True),
        "paused": Q(is_active=False, is_finished=False),
        "finished": Q(is_finished=True),
    }

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """What the list's labels say."""
        return [(name, name) for name in self.meanings]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the activity."""
        return queryset.filter(self.meanings.get(self.value() or "", Q()))


class DeletedFilter(ConsoleFilter):
    """Deleted schedules stay out of the list until somebody asks for them."""

    title = "deletion"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """Besides the live ones."""
        return [("only", "Deleted"), ("all", "Live and deleted")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The choices; no choice means live."""
        for choice in super().choices(changelist):
            yield choice | ({"display": "Live"} if choice["display"] == "All" else {})

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Live ones unless told otherwise."""
        match self.value():
            case "all":
                return queryset
            case "only":
                return queryset.exclude(deleted_at=None)
            case _:
                return queryset.filter(deleted_at=None)


class MadeFilter(ConsoleFilter):
    """Runs, or lines of the journal, by when they were made: their id tells it, so the primary key finds them."""

    title = "time"
    parameter_name = "made"
    lengths = {
        "1h": timedelta(hours=1),
        "24h": timedelta(days=1),
        "7d": timedelta(days=7),
        "30d": timedelta(days=30),
    }

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """The time up to now."""
        names = ("last hour", "last 24 hours", "last 7 days", "last 30 days")
        return [*zip(self.lengths, names, strict=True), ("older", "older than 7 days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those made in the time."""
        value, now = self.value(), database_now()
        if value in self.lengths:
            return queryset.filter(id__gte=lowest_ulid_at(now - self.lengths[value]))
        if value == "older":
            return queryset.filter(id__lt=lowest_ulid_at(now - self.lengths["7d"]))
        return queryset


class ReasonFilter(SelectFilter):
    """Runs by why they ended as they did."""

    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """All there are; a code of a runtime from elsewhere is a choice when a link has chosen it."""
        chosen = self.value()
        others = [chosen] if chosen and chosen not in REASONS else []
        return [(reason, in_words(reason)) for reason in (*REASONS, *others)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the reason."""
        return queryset.filter(reason=self.value()) if self.value() else queryset


def in_words(identifier: str) -> str:
    """`schedule_inactive` as a person writes it."""
    return identifier.replace("_", " ")
