"""What failed and what was missed within a day, for the front page: grouped, so that one outage is one line."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from schedules import access
from schedules.admin import times
from schedules.admin.filters import in_words
from schedules.database.ulids import lowest_ulid_at
from schedules.models import Agent, MissedFiring, Run, RunState

WITHIN: Final = timedelta(days=1)
MOST_RUNS: Final = 1_000
"""The newest failures that are looked at: with more than these the page says "1,000 or more"."""
MOST_GROUPS: Final = 8
MOST_MISSED: Final = 500


def failures(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """`total` in words, empty if nothing failed; `table`: agent and reason, how many, when last, as links."""
    failed = _seen(request, "view_run", Run.objects.filter(state=RunState.FAILED), "schedule__workspace")
    recent = failed.filter(id__gte=lowest_ulid_at(now - WITHIN), finished_at__isnull=False).order_by("-id")
    rows = list(recent.values_list("schedule__agent", "reason", "error_code", "finished_at")[:MOST_RUNS])
    groups: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for agent_id, reason, code, finished_at in rows:
        groups[agent_id, reason or code].append(finished_at)
    largest = sorted(groups.items(), key=lambda group: -len(group[1]))[:MOST_GROUPS]
    keys = dict(Agent.objects.filter(pk__in={agent for (agent, _), _ in largest}).values_list("pk", "key"))
    return {
        "total": _total(len(rows)),
        "table": {
            "headers": ["Agent", "Why", "Runs", "Newest"],
            "rows": [
                [keys.get(agent, "?"), *_cells(agent, why, ends, now)] for (agent, why), ends in largest
            ],
        },
        "others": len(groups) - len(largest),
    }


def missed(request: HttpRequest, now: datetime) -> str:
    """How many instants were recorded as missed, in words; empty for none."""
    rows = _seen(request, "view_missedfiring", MissedFiring.objects.all(), "schedule__workspace")
    newest = rows.order_by("-id").values_list("recorded_at", "count")[:MOST_MISSED]
    count = sum(count for recorded_at, count in newest if recorded_at >= now - WITHIN)
    return f"{count:,} instant{'' if count == 1 else 's'} missed in the last 24 hours" if count else ""


def _cells(agent: str, why: str, ends: list[datetime], now: datetime) -> list[str | SafeString]:
    asked = urlencode({"agent": agent, "state__exact": RunState.FAILED, "made": "24h"})
    href = f"{reverse('admin:schedules_run_changelist')}?{asked}"
    link = format_html('<a href="{}" class="text-link">{}</a>', href, f"{len(ends):,}")
    return [in_words(why), link, times.relative(max(ends), now)]


def _total(count: int) -> str:
    if not count:
        return ""
    many = f"{count:,} or more" if count == MOST_RUNS else f"{count:,}"
    return f"{many} run{'' if count == 1 else 's'} failed in the last 24 hours"


def _seen(request: HttpRequest, permission: str, rows: QuerySet[Any], path: str) -> QuerySet[Any]:
    """Those of the workspaces where the person may look."""
    workspaces = access.workspaces_where(request.user, f"schedules.{permission}")
    return rows if workspaces is None else rows.filter(**{f"{path}__in": workspaces})
