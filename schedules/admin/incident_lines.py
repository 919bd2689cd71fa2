"""Open incidents on the front page, those that somebody has acknowledged apart."""

from datetime import datetime

from django.http import HttpRequest

from schedules.admin.lines import Line


def incidents(request: HttpRequest, now: datetime) -> list[Line]:
    """A line for each; there are no incidents yet, so there is none."""
    return []
