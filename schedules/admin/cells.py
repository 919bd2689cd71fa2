"""Pieces of HTML that lists and pages are made of. Every text that comes in is escaped."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from schedules import lengths
from schedules.expressions.instants import for_people, rfc3339
from schedules.models import RunState

_SOMEWHERE = "/somewhere/"
"""Where a label leads until it is told."""

NOTHING = "–"
MONO = "console-mono"
SHOWN_CHARACTERS = 20_000
SUBTLE = "text-font-subtle-light dark:text-font-subtle-dark whitespace-nowrap"

STATE_COLOURS = {
    RunState.PENDING: "primary",
    RunState.RUNNING: "info",
    RunState.SUCCEEDED: "success",
    RunState.FAILED: "danger",
    RunState.CANCELLED: "warning",
    RunState.DISCARDED: "",
}


def badge(text: str, colour: str = "", href: str | None = None) -> SafeString:
    """A label; colours: primary, info, success, danger, warning, or none for grey."""
    if href is None:
        return _label(text, colour, None)
    return SafeString(_label(text, colour, _SOMEWHERE).replace(_SOMEWHERE, escape(href)))


@lru_cache(maxsize=256)
def _label(text: str, colour: str, href: str | None) -> SafeString:
    """A list has a hundred of them, of which few differ: rendered each time they were half of its work."""
    context = {"text": text, "type": colour, "href": href}
    return render_to_string("unfold/helpers/label.html", context)


def state(run_state: str, href: str | None = None) -> SafeString:
    """A run's state as a label."""
    return badge(run_state, STATE_COLOURS[RunState(run_state)], href)


def outcome(name: str, href: str | None = None) -> SafeString:
    """What became of an instant as a label: a run's state, or that there is none."""
    return state(name, href) if name in RunState else badge(name, _WITHOUT_RUN.get(name, ""), href)


_WITHOUT_RUN = {"missed": "warning", "lost": "danger"}
NARROW = "console-cut-short"


def two_lines(
    first: str, second: str = "", *, title: str = "", face: str = "", width: str = "console-cut"
) -> SafeString:
    """A main line and a quieter one under it; a long one is cut, its full text is the title.

    `face`: a class for the main line; `width`: a class that says where to cut.
    """
    return format_html(
        '<div class="{}" title="{}"><div class="font-medium truncate {}">{}</div>'
        '<div class="text-xs text-font-subtle-light dark:text-font-subtle-dark truncate">{}</div></div>',
        width,
        title or first,
        face,
        first,
        second,
    )


def instant(moment: datetime | None, now: datetime) -> str:
    """An instant, first from now, then on the clock."""
    if moment is None:
        return NOTHING
    return format_html(
        '<div class="whitespace-nowrap"><div>{}</div>'
        '<div class="text-xs text-font-subtle-light dark:text-font-subtle-dark">{}</div></div>',
        lengths.relative(moment, now),
        time(moment),
    )


def clock(moment: datetime | None) -> str:
    """An instant on the clock."""
    return time(moment) if moment else NOTHING


def time(moment: datetime, text: str = "") -> SafeString:
    """An instant for people and programs: the console's script shows the reader's own time of it on hover."""
    return format_html(
        '<time datetime="{}" class="whitespace-nowrap">{}</time>', rfc3339(moment), text or for_people(moment)
    )


def moment_from(moment: datetime, now: datetime) -> SafeString:
    """An instant in one line: on the clock, in the reader's own zone, and from now."""
    return format_html(
        '{} <time datetime="{}" data-local class="{}"></time> <span class="{}">{}</span>',
        time(moment),
        rfc3339(moment),
        SUBTLE,
        SUBTLE,
        lengths.relative(moment, now),
    )


def state_of(run_state: str, href: str, run_id: str) -> SafeString:
    """A run as a link: its state and its id."""
    return format_html("{} {}", state(run_state), link(href, run_id))


def whole(text: str) -> SafeString | str:
    """A text that may be broken anywhere; a dash for none."""
    return format_html('<span class="console-whole">{}</span>', text) if text else NOTHING


def one_line(text: str) -> SafeString:
    """A short text that is not to be broken."""
    return format_html('<span class="whitespace-nowrap">{}</span>', text)


def link(href: str, text: str) -> SafeString:
    """A link to another page of the console."""
    return format_html('<a href="{}" class="text-link">{}</a>', href, text)


def code(text: str) -> SafeString:
    """A short text in the typewriter face: an id, an expression."""
    return format_html('<code class="{} console-whole">{}</code>', MONO, text)


def text_block(text: str) -> str:
    """A long text as it was written; what is very long is cut, and says so."""
    if not text:
        return NOTHING
    rest = f"\n… ({len(text):,} characters in all)" if len(text) > SHOWN_CHARACTERS else ""
    return format_html(
        '<pre class="{} console-block">{}{}</pre>',
        MONO,
        text[:SHOWN_CHARACTERS],
        rest,
    )


def json_block(value: Any) -> str:
    """A JSON value, indented."""
    return NOTHING if value is None else text_block(json.dumps(value, indent=2, ensure_ascii=False))
