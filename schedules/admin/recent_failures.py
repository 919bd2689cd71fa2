"""What failed and what was missed within a day, as the front page shows it."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from schedules import access, lengths
from schedules.admin.filters import in_words
from schedules.models import RunState
from schedules.overview import recent
from schedules.overview.reach import Reach
from schedules.overview.recent import FailureGroup, Failures

MOST_GROUPS: Final = 8


def failures(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """`total` in words, empty if nothing failed; `table`: agent and reason, how many, when last, as links."""
    failed = recent.failures(_reach(request, "view_run"), now)
    return {
        "total": _total(failed),
        "table": {
            "headers": ["Agent", "Why", "Runs", "Newest"],
            "rows": [[group.agent_key, *_cells(group, now)] for group in failed.groups[:MOST_GROUPS]],
        },
        "others": max(0, len(failed.groups) - MOST_GROUPS),
    }


def missed(request: HttpRequest, now: datetime) -> str:
    """How many instants were recorded as missed, in words; empty for none."""
    count = recent.missed_count(_reach(request, "view_missedfiring"), now)
    return f"{count:,} instant{'' if count == 1 else 's'} missed in the last 24 hours" if count else ""


def _cells(group: FailureGroup, now: datetime) -> list[str | SafeString]:
    asked = urlencode({"agent": group.agent_id, "state__exact": RunState.FAILED, "made": "24h"})
    href = f"{reverse('admin:schedules_run_changelist')}?{asked}"
    link = format_html('<a href="{}" class="text-link">{}</a>', href, f"{group.count:,}")
    return [in_words(group.reason), link, lengths.relative(group.newest, now)]


def _total(failed: Failures) -> str:
    if not failed.count:
        return ""
    many = f"{failed.count:,} or more" if failed.is_at_least else f"{failed.count:,}"
    return f"{many} run{'' if failed.count == 1 else 's'} failed in the last 24 hours"


def _reach(request: HttpRequest, permission: str) -> Reach:
    """The workspaces where the person may look."""
    return Reach(workspaces=access.workspaces_where(request.user, f"schedules.{permission}"))
