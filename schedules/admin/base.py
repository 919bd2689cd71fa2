"""What all pages of the console share: their looks, who may act, and how a person signs what they do."""

from typing import Any, TypeVar

from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_permission_codename
from django.db.models import Model
from django.http import HttpRequest

from schedules.admin.typed import ModelAdmin

SIGNATURE_LENGTH = 40
M = TypeVar("M", bound=Model)


def signature(request: HttpRequest) -> str:
    """How a person of the console signs (`created_by_id`, `updated_by_id`), at most 40 characters."""
    return f"user_{request.user.get_username()}"[:SIGNATURE_LENGTH]


class ConsoleList(ChangeList):
    """A list that is counted once."""

    def get_results(self, request: HttpRequest) -> None:
        """The page's rows; without search or filter the count of the results is the count of all."""
        super().get_results(request)
        if not (self.query or self.has_active_filters):
            self.full_result_count = self.result_count


class ConsoleAdmin(ModelAdmin[M]):
    """The pages of one model."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # a count per choice would read the whole table, once for each
    warn_unsaved_form = True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list above."""
        return ConsoleList

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Whether the person may use the model's verbs: who may change it may, even where no form edits it."""
        codename = get_permission_codename("change", self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{codename}")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M | None:
        """The row; an id that no database could hold finds none."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)


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
