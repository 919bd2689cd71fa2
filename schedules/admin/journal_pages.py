"""The journal in the console: who did what, to read and to search."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from schedules import access, journal
from schedules.actors import ActorKind
from schedules.admin import journal_cells as show
from schedules.admin.base import ReadOnly
from schedules.admin.filters import (
    Choices,
    ConsoleFilter,
    MadeFilter,
    SelectFilter,
    WorkspaceFilter,
    in_words,
)
from schedules.admin.keyset_list import KeysetList, KeysetPaginator
from schedules.admin.typed import ModelAdmin
from schedules.models import ApiKey, JournalEntry


class KindFilter(ConsoleFilter):
    """Lines by what sort of actor it was."""

    title = "actor"
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """All sorts."""
        return [(kind.value, words) for kind, words in show.KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the sort."""
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


class VerbFilter(SelectFilter):
    """Lines by what was done."""

    title = "act"
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """All verbs there are."""
        return [(verb, in_words(verb)) for verb in journal.VERBS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the verb."""
        return queryset.filter(verb=self.value()) if self.value() else queryset


class ObjectFilter(SelectFilter):
    """Lines by the type of the object."""

    title = "object"
    parameter_name = "object"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        """All types there are."""
        return list(show.OBJECTS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the type."""
        return queryset.filter(object_type=self.value()) if self.value() else queryset


@admin.register(JournalEntry)
class JournalAdmin(ReadOnly[JournalEntry]):
    """The pages of the journal: an operator's whole workspaces, and everybody's own acts."""

    workspace_path = "workspace_id"
    list_class = KeysetList
    paginator = KeysetPaginator
    list_display = (show.when, show.who, show.act, show.what, show.changes)
    list_filter = (WorkspaceFilter, ObjectFilter, VerbFilter, KindFilter, MadeFilter)
    sortable_by = ()
    search_fields = ("id",)  # what they mean: get_search_results
    search_help_text = "Id of an object, a key or a line, or the whole name of a user or a key"
    fields: ClassVar[Any] = (
        (show.when, show.who),
        (show.act, show.what),
        show.all_changes,
        ("generation", "revision"),
        (show.object_id, show.actor_id),
        (show.workspace, show.together),
    )
    readonly_fields: ClassVar[Any] = [
        name for line in fields for name in (line if isinstance(line, tuple) else (line,))
    ]

    def has_view_permission(self, request: HttpRequest, obj: JournalEntry | None = None) -> bool:
        """Whoever has a role anywhere; which lines there are for them is decided below."""
        return request.user.has_module_perms(self.opts.app_label)

    def get_queryset(self, request: HttpRequest) -> QuerySet[JournalEntry]:
        """The lines of workspaces where the person is an operator or more, and their own."""
        workspaces = access.workspaces_where(request.user, self.permission("view"))
        lines: QuerySet[JournalEntry] = QuerySet(JournalEntry)
        if workspaces is None:
            return lines
        own = Q(actor_kind=ActorKind.USER, actor_id=str(request.user.pk))
        return lines.filter(Q(workspace_id__in=workspaces) | own)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """All by an index: an id of whatever has one, or whoever has this name."""
        term = search_term.strip()
        if not term:
            return queryset, False
        users = map(str, get_user_model().objects.filter(username=term).values_list("pk", flat=True))
        keys = ApiKey.objects.filter(name=term).values_list("pk", flat=True)[:100]
        is_meant = (
            Q(id=term.upper())
            | Q(object_id__in={term, term.upper()})
            | Q(actor_kind=ActorKind.USER, actor_id__in=list(users))
            | Q(actor_kind=ActorKind.KEY, actor_id__in=[*keys, term.upper().removeprefix("APK_")])
        )
        return queryset.filter(is_meant), False
