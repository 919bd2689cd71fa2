"""What failed and what was missed within a day, as the front page shows it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from schedules import access, lengths
from schedules.admin.filters import in_words
from schedules.models import RunState
from schedules.overview import recent
from schedules.overview.reach import Reach
from schedules.overview.recent import FailureGroup, Failures

MOST_GROUPS: Final = 8


@dataclass(frozen=True, slots=True)
class FailingGroup:
    """One agent's failures for one reason. `again_href`: where all of them are run again; empty: not by you."""

    agent_key: str
    agent_href: str
    reason: str
    count: int
    again_count: int
    since: str
    newest: str
    href: str
    again_href: str


@dataclass(frozen=True, slots=True)
class Failing:
    """`total`: in words, empty if nothing failed; the largest groups, and how many others there are."""

    total: str
    groups: list[FailingGroup]
    others: int


def failures(request: HttpRequest, now: datetime) -> Failing:
    """By agent and reason."""
    failed = recent.failures(reach(request, "view_run"), now)
    may_repeat = request.user.has_perm("schedules.retry_run")
    groups = [_group(group, now, may_repeat) for group in failed.groups[:MOST_GROUPS]]
    return Failing(_total(failed, now), groups, max(0, len(failed.groups) - MOST_GROUPS))


def missed(request: HttpRequest, now: datetime) -> str:
    """How many instants were recorded as missed, in words; empty for none."""
    count = recent.missed_count(reach(request, "view_missedfiring"), now)
    return f"{count:,} instant{'' if count == 1 else 's'} missed in the last 24 hours" if count else ""


def _group(group: FailureGroup, now: datetime, may_repeat: bool) -> FailingGroup:
    cause = {"reason": group.reason} if group.reason else {}
    asked = {"state__exact": RunState.FAILED.value, "made": "24h", "agent": group.agent_id} | cause
    runs = reverse("admin:schedules_run_changelist")
    again = reverse("admin:schedules_run_bulk", args=("retry",))
    return FailingGroup(
        agent_key=group.agent_key,
        agent_href=reverse("admin:schedules_agent_change", args=(group.agent_id,)),
        reason=in_words(group.reason) or "unknown",
        count=group.count,
        again_count=group.again_count,
        since=lengths.by_the_minute(group.oldest, now),
        newest=lengths.by_the_minute(group.newest, now),
        href=f"{runs}?{urlencode(asked)}",
        again_href=f"{again}?{urlencode(asked)}" if may_repeat else "",
    )


def _total(failed: Failures, now: datetime) -> str:
    if not failed.count:
        return ""
    many = f"{failed.count:,} or more" if failed.is_at_least else f"{failed.count:,}"
    since = lengths.by_the_minute(min(group.oldest for group in failed.groups), now)
    return f"{many} run{'' if failed.count == 1 else 's'} failed in the last 24 hours, the first {since}"


def reach(request: HttpRequest, permission: str) -> Reach:
    """The workspaces where the person may look."""
    return Reach(workspaces=access.workspaces_where(request.user, f"schedules.{permission}"))
