"""Instants on pages that live on: the clock's text is the server's, what is relative the reader's browser adds."""

from datetime import UTC, datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from schedules.expressions.instants import for_people, rfc3339


def moment(at: datetime) -> SafeString:
    """`09:00:00` or, of another day, `2026-06-01 09:00:00 UTC`; live.js adds `in 3 min` and the reader's own time."""
    return format_html('<time datetime="{}" data-live>{}</time>', rfc3339(at), for_people(at))


def hour_words(at: datetime) -> str:
    """`Mon 1 Jun 09:00`."""
    local = at.astimezone(UTC)
    return f"{local:%a} {local.day} {local:%b} {local:%H:%M}"
