"""One verb for all rows that a list's filter finds, beyond one page: counted, confirmed, then done as far as it gets.

Each row is a transaction of its own and the person waits, so a request has a bound; what is left is offered again.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from schedules import editing, journal
from schedules.admin.base import ConsoleAdmin
from schedules.admin.keyset_list import AFTER, BEFORE
from schedules.admin.pause_form import NOTE, PauseForm
from schedules.admin.verb import Verb, do
from schedules.models import UNFINISHED_STATES, UNSUCCESSFUL_STATES, Run, Schedule

SECONDS: Final = 20.0
COUNTED: Final = 10_000
CHUNK: Final = 500
_OF_THE_PAGE: Final = {"p", "o", "all", "_changelist_filters", AFTER, BEFORE}
"""Parameters of a list's address that choose no rows."""

_ALL: Final = "All"

Narrow = Callable[[QuerySet[Any]], QuerySet[Any]]


def _not_run_again(rows: QuerySet[Any]) -> QuerySet[Any]:
    """A second confirmation must not do the same work twice."""
    again = Run.objects.filter(again_of=OuterRef("pk")).exclude(again_of="")
    return rows.filter(~Exists(again), state__in=UNSUCCESSFUL_STATES)


_CONCERNED: Final[dict[tuple[type[Model], str], tuple[Narrow, str]]] = {
    (Run, "retry"): (_not_run_again, "those that succeeded, still run, or were run again are left out"),
    (Run, "cancel"): (
        lambda rows: rows.filter(state__in=UNFINISHED_STATES),
        "those that have ended are left out",
    ),
    (Schedule, "pause"): (lambda rows: rows.filter(is_active=True), "inactive ones are left out"),
    (Schedule, "resume"): (
        lambda rows: rows.filter(is_active=False, is_finished=False, deleted_at=None),
        "active, finished and deleted ones are left out",
    ),
}
"""By model and verb: which of the rows it can concern, and that in words."""


class NoteForm(forms.Form):
    """A note for the history of each row."""

    note = NOTE


@dataclass(frozen=True, slots=True)
class Link:
    """From a list to the page of a verb, with the list's filter."""

    verb: Verb[Any]
    href: str


def verbs_of(pages: ConsoleAdmin[Any]) -> list[Verb[Any]]:
    """Those of its verbs that may be done by filter."""
    return [verb for verb in getattr(pages, "verbs", ()) if (pages.model, verb.name) in _CONCERNED]


def links(pages: ConsoleAdmin[Any], request: HttpRequest) -> list[Link]:
    """For a list that is filtered or searched; none for one that shows everything: that is what holds are for."""
    if not _asked(request):
        return []
    return [Link(verb, f"{_url(pages, 'bulk', verb.name)}?{_asked(request)}") for verb in verbs_of(pages)]


def page(pages: ConsoleAdmin[Any], request: HttpRequest, verb: Verb[Any]) -> HttpResponse:
    """What it concerns and a form; when that is sent, do it and go back to the list."""
    narrow, left_out = _CONCERNED[pages.model, verb.name]
    changelist = pages.get_changelist_instance(request)
    rows = narrow(changelist.get_queryset(request)) if _asked(request) else None
    form = _form(verb)(request.POST if request.method == "POST" else None)
    back = f"{_url(pages, 'changelist')}?{_asked(request)}"
    count = 0 if rows is None else rows.order_by()[: COUNTED + 1].count()
    if request.method == "POST" and rows is not None and form.is_valid():
        _do_in_time(pages, request, _with_note(verb, form.cleaned_data), rows, form.cleaned_data["note"])
        is_left = narrow(rows.all()).exists()
        return HttpResponseRedirect(request.get_full_path() if is_left and count > CHUNK else back)
    names = pages.opts.verbose_name if count == 1 else pages.opts.verbose_name_plural
    number = f"{COUNTED:,} or more" if count > COUNTED else f"{count:,}"
    context = {
        **pages.admin_site.each_context(request),
        "title": f"{verb.label}, by filter",
        "verb": verb,
        "count": number,
        "names": names,
        "act": f"{verb.label}: {number} {names}",
        "left_out": left_out,
        "filter": list(_in_words(changelist)),
        "form": form if count else None,
        "back": back,
    }
    return TemplateResponse(request, "console/bulk.html", context)


def _in_words(changelist: ChangeList) -> Iterator[tuple[str, str]]:
    """What the filter says, as the list's own filters say it."""
    if changelist.query:
        yield "search", changelist.query
    for spec in changelist.filter_specs:
        chosen = [choice["display"] for choice in spec.choices(changelist) if choice["selected"]]
        if chosen and chosen != [_ALL]:
            yield str(spec.title), ", ".join(map(str, chosen))


def _form(verb: Verb[Any]) -> type[forms.Form]:
    return PauseForm if verb.name == "pause" else NoteForm


def _with_note(verb: Verb[Any], said: dict[str, Any]) -> Verb[Any]:
    """A pause keeps its note and its end."""
    if verb.name != "pause":
        return verb

    def pause(row: Schedule, actor: str, now: datetime) -> object:
        return editing.pause(row.id, actor, now, note=said["note"], until=said["until"])

    return replace(verb, act=pause)


def _do_in_time(
    pages: ConsoleAdmin[Any], request: HttpRequest, verb: Verb[Any], rows: QuerySet[Any], note: str
) -> None:
    with journal.batch():
        do(pages, request, verb, _until(time.monotonic() + SECONDS, rows), note)


def _until(deadline: float, rows: QuerySet[Any]) -> Iterator[Any]:
    """The rows as they are found at the beginning, as far as time allows."""
    for pk in list(rows.values_list("pk", flat=True)[:COUNTED]):
        if time.monotonic() > deadline:
            return
        row = rows.filter(pk=pk).first()
        if row is not None:
            yield row


def _asked(request: HttpRequest) -> str:
    """The list's filter, as its address has it; empty: there is none."""
    chosen = request.GET.copy()
    for name in _OF_THE_PAGE & set(chosen):
        del chosen[name]
    return chosen.urlencode() if any(chosen.values()) else ""


def _url(pages: ConsoleAdmin[Any], page_name: str, *args: str) -> str:
    return reverse(f"admin:{pages.opts.app_label}_{pages.opts.model_name}_{page_name}", args=args)
