"""Verbs: what a person may do with rows, on the selected ones of a list or with a button on one's page.

Both are POSTs and call the same functions as the API. A refusal skips the row and is counted, never an error page.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from schedules import journal
from schedules.admin.base import ConsoleAdmin, signature
from schedules.database.clock import time_to_act
from schedules.errors import Refused
from schedules.expressions import InvalidExpression

MOST_AT_ONCE = 500
"""Rows one list action takes: each is a transaction of its own, and the person waits for all of them."""

NOT_ALLOWED = "your role in the workspace does not allow it"

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Verb(Generic[M]):
    """One thing to do with a row. `act(row, actor, now)` does it or raises Refused."""

    name: str
    label: str
    icon: str
    done: str
    """What follows the count and the noun in the message: `paused`, `will run in 10 s`."""
    permission: str
    """What the person must be allowed, in Django's form: `run` stands for `schedules.run_schedule`."""
    act: Callable[[M, str, datetime], object]
    is_offered: Callable[[M], bool]
    """Whether the row's page shows the button."""
    skipped: dict[type[Exception], str] = field(default_factory=dict)
    """Refusals in a word or two; others are shown as they are."""
    confirmation: str = ""
    """What the button asks before it acts; empty: nothing."""


class VerbAdmin(ConsoleAdmin[M]):
    """Pages whose rows have verbs."""

    verbs: tuple[Verb[Any], ...] = ()

    def get_urls(self) -> list[URLPattern]:
        """One path for the buttons, `<id>/do/<verb>/`, ahead of Django's own."""
        view = self.admin_site.admin_view(self.verb_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        return [path("<path:object_id>/do/<slug:name>/", view, name=name), *super().get_urls()]

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
        do(self, request, verb, [row])
        return None

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


def do(model_admin: VerbAdmin[M], request: HttpRequest, verb: Verb[M], rows: Iterable[M]) -> None:
    """Apply the verb to each row, note it in the row's history, and tell the person what happened."""
    done_count, skipped = 0, Counter[str]()
    for row in rows:
        if not model_admin.may(request, verb.permission, row):  # a selection may span workspaces
            skipped[NOT_ALLOWED] += 1
            continue
        try:
            verb.act(row, signature(request), time_to_act())
        except (Refused, InvalidExpression) as refusal:
            skipped[verb.skipped.get(type(refusal), str(refusal))] += 1
        else:
            model_admin.log_change(request, row, f"{verb.label}.")
            done_count += 1
    _tell(model_admin, request, verb, done_count, skipped)


def _tell(
    model_admin: VerbAdmin[M], request: HttpRequest, verb: Verb[M], done_count: int, skipped: Counter[str]
) -> None:
    if done_count:
        names = model_admin.opts
        noun = names.verbose_name if done_count == 1 else names.verbose_name_plural
        model_admin.message_user(request, f"{done_count} {noun} {verb.done}", messages.SUCCESS)
    for why, count in skipped.items():
        model_admin.message_user(request, f"{count} skipped: {why}", messages.WARNING)
