"""What all pages of the console share: their looks, whose rows they show, who may act, and how a person signs."""

from typing import Any, TypeVar

from django.contrib.admin import ListFilter, ShowFacets, SimpleListFilter
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from schedules import access, journal
from schedules.admin.object_history import history_of
from schedules.admin.typed import ModelAdmin

SIGNATURE_LENGTH = 40
M = TypeVar("M", bound=Model)


def signature(request: HttpRequest) -> str:
    """How a person of the console signs (`created_by_id`, `updated_by_id`), at most 40 characters."""
    return f"user_{request.user.get_username()}"[:SIGNATURE_LENGTH]


class ConsoleList(ChangeList):
    """A list that is counted once, and says what is true when it is empty."""

    model_admin: Any

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter leaves rows out."""
        return bool(self.query or self.has_active_filters)

    @property
    def empty_words(self) -> str:
        """A sentence."""
        if self.is_narrowed:
            return f"No {self.opts.verbose_name} is found by this search and these filters"
        words: str = self.model_admin.empty_words()
        return words

    def get_results(self, request: HttpRequest) -> None:
        """The page's rows; without search or filter the count of the results is the count of all."""
        super().get_results(request)
        if not self.is_narrowed:
            self.full_result_count = self.result_count


class ConsoleAdmin(ModelAdmin[M]):
    """The pages of one model.

    They end at the workspaces of whoever looks: a row of another one is not found, as if it did not exist.
    """

    workspace_path: str | None = None
    """How a query comes from a row to its workspace; None: the pages are for superusers only."""

    list_class: type[ChangeList] = ConsoleList
    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # a count per choice would read the whole table, once for each
    warn_unsaved_form = True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Its list."""
        return self.list_class

    def empty_words(self) -> str:
        """What an empty list says, where nothing is left out of it."""
        return f"There are no {self.opts.verbose_name_plural} yet"

    def permission(self, act: str) -> str:
        """What `user.has_perm` is asked about an act on this model: `view`, `run` …"""
        return f"{self.opts.app_label}.{get_permission_codename(act, self.opts)}"

    def may(self, request: HttpRequest, act: str, row: Model | None = None) -> bool:
        """Whether the person may do this to the row; without one, whether they may anywhere."""
        return request.user.has_perm(self.permission(act), row)

    def reachable(self, request: HttpRequest, rows: QuerySet[Any], permission: str) -> QuerySet[Any]:
        """Those of the rows in whose workspace the person has the permission."""
        workspaces = access.workspaces_where(request.user, permission)
        if workspaces is None:
            return rows
        return (
            rows.filter(**{f"{self.workspace_path}__in": workspaces}) if self.workspace_path else rows.none()
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """What the person may see; every page, search, filter and verb begins here."""
        return self.reachable(request, super().get_queryset(request), self.permission("view"))

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        """A choice among the rows of those workspaces where the person may add what the form is about."""
        model = db_field.remote_field.model
        if self.admin_site.is_registered(model) and "queryset" not in kwargs:
            other: Any = self.admin_site.get_model_admin(model)
            kwargs["queryset"] = other.reachable(request, QuerySet(model), self.permission("add"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the list's filters ask for: any other column could be guessed, letter by letter."""
        return lookup in {name for each in self.get_list_filter(request) for name in _lookups(each)}

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """As the person's role in its workspace says."""
        return self.may(request, "view", obj) or self.has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """In which workspaces is decided by the choices of the form."""
        return self.may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """As the person's role in its workspace says."""
        return self.may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """As the person's role in its workspace says."""
        return self.may(request, "delete", obj)

    def undeletable(self, request: HttpRequest, rows: Any) -> set[str]:
        """The name of the model, if the person may not delete each of the rows: then none is deleted."""
        may_all = all(self.may(request, "delete", row) for row in rows)
        return set() if may_all else {str(self.opts.verbose_name)}

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M | None:
        """The row; an id that no database could hold finds none."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[M]) -> None:
        """The selected rows, at one go."""
        with journal.batch():
            super().delete_queryset(request, queryset)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was done to the row, wherever it was done; for who may look at such rows at all."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return super().history_view(request, object_id)
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"History: {row}",
            "opts": self.opts,
            "object": row,
            "history": history_of(row, request),
        }
        return TemplateResponse(request, "console/history.html", context | (extra_context or {}))


def _lookups(list_filter: Any) -> set[str]:
    """The parameters of a list's address that a filter answers to."""
    if isinstance(list_filter, type) and issubclass(list_filter, ListFilter):
        return {list_filter.parameter_name or ""} if issubclass(list_filter, SimpleListFilter) else set()
    name = list_filter if isinstance(list_filter, str) else list_filter[0]
    return {name, f"{name}__exact", f"{name}__isnull", f"{name}__id__exact"}


class ReadOnly(ConsoleAdmin[M]):
    """Pages to look at: nothing is added, changed or deleted by a form."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False
