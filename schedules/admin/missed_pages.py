"""Missed firings in the console: fire times that got no run of their own, to read."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.urls import reverse

from schedules.admin import cells
from schedules.admin.base import ReadOnly
from schedules.admin.filters import AgentFilter, ScheduleFilter, WorkspaceFilter
from schedules.admin.keyset_list import KeysetList, KeysetPaginator
from schedules.admin.schedule_cells import agent_with_tag
from schedules.models import MissedFiring


@admin.display(description="Schedule")
def schedule(missed: MissedFiring) -> str:
    """The schedule, linked."""
    of = missed.schedule
    name = of.display_name or f"{agent_with_tag(of)}, {of.expression}"
    return cells.link(reverse("admin:schedules_schedule_change", args=(of.pk,)), name)


@admin.display(description="From")
def first(missed: MissedFiring) -> str:
    """The first fire time of the gap."""
    return cells.clock(missed.first_fire_time)


@admin.display(description="To")
def last(missed: MissedFiring) -> str:
    """The last fire time of the gap."""
    return cells.clock(missed.last_fire_time)


@admin.display(description="Recorded")
def recorded(missed: MissedFiring) -> str:
    """When the gap was noticed."""
    return cells.clock(missed.recorded_at)


@admin.display(description="Fire times")
def fire_times(missed: MissedFiring) -> str:
    """How many there were."""
    return f"{missed.count:,}"


@admin.register(MissedFiring)
class MissedFiringAdmin(ReadOnly[MissedFiring]):
    """The pages of missed firings."""

    workspace_path = "schedule__workspace"
    list_class = KeysetList
    paginator = KeysetPaginator
    list_display = (fire_times, schedule, first, last, "reason", recorded)
    list_filter = (WorkspaceFilter, AgentFilter, ScheduleFilter)
    list_select_related = ("schedule__agent",)
    sortable_by = ()
    fields: ClassVar[Any] = (schedule, fire_times, first, last, "reason", recorded, "generation")
    readonly_fields: ClassVar[Any] = fields

    def empty_words(self) -> str:
        """As far back as there is history."""
        return f"Nothing was missed in the last {settings.ORQ.retention_days} days"
