"""Verbs on pages: on the selected rows of a list, on all that a filter finds, or with a button on one row's page.

All are POSTs and call the same functions as the API.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from schedules import journal
from schedules.admin import bulk
from schedules.admin.base import ConsoleAdmin
from schedules.admin.verb import Verb, do

__all__ = ["MOST_AT_ONCE", "Verb", "VerbAdmin", "do"]

MOST_AT_ONCE: Final = 500
"""Rows one list action takes: each is a transaction of its own, and the person waits for all of them."""

M = TypeVar("M", bound=Model)


class VerbAdmin(ConsoleAdmin[M]):
    """Pages whose rows have verbs."""

    verbs: tuple[Verb[Any], ...] = ()
    list_before_template = "console/bulk_acts.html"

    def get_urls(self) -> list[URLPattern]:
        """For the buttons `<id>/do/<verb>/`, for a filter `bulk-<verb>/`, ahead of Django's own."""
        wrap, prefix = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        do_it = path("<path:object_id>/do/<slug:name>/", wrap(self.verb_view), name=f"{prefix}_do")
        by_filter = path("bulk-<slug:name>/", wrap(self.bulk_view), name=f"{prefix}_bulk")
        return [do_it, *([by_filter] if bulk.verbs_of(self) else []), *super().get_urls()]

    def bulk_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Of all rows that the address's filter finds: what would be done, and doing it."""
        verb = next((verb for verb in bulk.verbs_of(self) if verb.name == name), None)
        if verb is None:
            raise Http404
        if not self.may(request, verb.permission):
            raise PermissionDenied
        return bulk.page(self, request, verb)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with what may be done with all that its filter finds."""
        links = [link for link in bulk.links(self, request) if self.may(request, link.verb.permission)]
        return super().changelist_view(request, (extra_context or {}) | {"bulk_links": links})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Django's list actions, and the verbs that the person may use in any workspace."""
        actions: dict[str, Any] = super().get_actions(request)
        return actions | {
            verb.name: (_list_action(verb), verb.name, f"{verb.label} (selected)")
            for verb in self.verbs
            if self.may(request, verb.permission)
        }

    def verb_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """A button was pressed; back to the row's page with a message. Only a POST does anything."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        verb = next((verb for verb in self.verbs if verb.name == name), None)
        if verb is None:
            raise Http404
        if not self.may(request, verb.permission):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.may(request, verb.permission, row):
            raise PermissionDenied
        return self.perform(request, verb, row) or HttpResponseRedirect(self._url("change", row.pk))

    def perform(self, request: HttpRequest, verb: Verb[M], row: M) -> HttpResponse | None:
        """Do it; None: the row's page comes next."""
        made = do(self, request, verb, [row])
        return HttpResponseRedirect(verb.lands(made[0])) if made and verb.lands is not None else None

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The row's page with the buttons of the verbs that make sense now."""
        row = context.get("original")
        context["verb_buttons"] = self._buttons(request, row) if row else []
        return super().render_change_form(request, context, *args, **kwargs)

    def _buttons(self, request: HttpRequest, row: M) -> list[dict[str, Any]]:
        allowed = [verb for verb in self.verbs if self.may(request, verb.permission, row)]
        offered = [verb for verb in allowed if verb.is_offered(row)]
        return [{"verb": verb, "url": self._url("do", row.pk, verb.name)} for verb in offered]

    def _url(self, page: str, pk: Any, *args: str) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=(quote(pk), *args))


def _list_action(verb: Verb[M]) -> Callable[[VerbAdmin[M], HttpRequest, QuerySet[M]], None]:
    def action(model_admin: VerbAdmin[M], request: HttpRequest, queryset: QuerySet[M]) -> None:
        rows = list(queryset[: MOST_AT_ONCE + 1])
        if len(rows) > MOST_AT_ONCE:
            text = f"Nothing was done: select at most {MOST_AT_ONCE} at once"
            model_admin.message_user(request, text, messages.ERROR)
        else:
            with journal.batch():
                do(model_admin, request, verb, rows)

    return action
