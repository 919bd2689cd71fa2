"""What is held, on the front page: nobody shall wonder why nothing runs. And the way to stop everything."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from schedules import access, holds
from schedules.admin.lines import Line
from schedules.models import Hold
from schedules.overview.held import held
from schedules.overview.reach import Reach


def seen_holds(request: HttpRequest, now: datetime) -> list[Hold]:
    """Those in force that the person may see, the widest first."""
    return held(Reach(workspaces=access.workspaces_where(request.user, "schedules.view_workspace")), now)


def held_lines(seen: Iterable[Hold]) -> Iterator[Line]:
    """A sentence for each."""
    for hold in seen:
        words = str(holds.pause_of_hold(hold))
        yield Line("warning", f"{words[0].upper()}{words[1:]}", _page(hold))


def _page(hold: Hold) -> str:
    if hold.agent_id is not None:
        return reverse("admin:schedules_agent_change", args=(hold.agent_id,))
    if hold.workspace_id is not None:
        return reverse("admin:schedules_workspace_change", args=(hold.workspace_id,))
    return ""


def everything(seen: Iterable[Hold]) -> dict[str, Any]:
    """For superusers: whether all there is is held, and the addresses of both acts."""
    return {
        "is_held": any(hold.workspace_id is None for hold in seen),
        "stop": reverse("admin:schedules_workspace_everything"),
        "release": reverse("admin:schedules_workspace_release"),
    }
