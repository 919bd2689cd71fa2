"""What is now: what is due, who is alive, what the ledger says; each a look at few rows."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db.models import Count, F, Min, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Greatest

from schedules.messages import dispatch
from schedules.models import (
    AuditResult,
    DeliveryCount,
    Incident,
    NextFire,
    ProcessRegistration,
    Run,
    ScheduleCount,
    Workspace,
)

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Due:
    """Next fires whose time has come; the oldest has waited so many seconds."""

    count: int
    oldest_seconds: float


def due(now: datetime) -> Due:
    """What no beat has fired yet."""
    since = Greatest(F("fire_time"), Value(_EARLIEST))  # a row may hold -infinity
    found = NextFire.objects.filter(fire_time__lte=now).aggregate(count=Count("pk"), oldest=Min(since))
    oldest = found["oldest"] or now
    return Due(found["count"], max(0.0, (now - oldest).total_seconds()))


def oldest_due_run_seconds(now: datetime) -> float:
    """How long the oldest run has waited that may start and has not; 0: none."""
    since = Greatest(F("not_before"), Value(_EARLIEST))
    oldest: datetime | None = Run.objects.claimable(now).aggregate(oldest=Min(since))["oldest"]
    return 0.0 if oldest is None else (now - oldest).total_seconds()


def processes() -> list[ProcessRegistration]:
    """Every beat and worker that has said that it is there, and has not said goodbye."""
    return list(ProcessRegistration.objects.all())


def ledger() -> tuple[int, datetime] | None:
    """The findings since the last audit of all history, and when anything was last audited; None: never."""
    newest = AuditResult.objects.newest()
    if newest is None:
        return None
    whole = AuditResult.objects.whole().order_by("-id").values("id")[:1]
    since = AuditResult.objects.filter(Q(id__gte=whole) | Q(id=newest.id))
    return since.aggregate(count=Sum("finding_count"))["count"] or 0, newest.audited_at


def schedule_counts() -> list[tuple[str, str, int]]:
    """(workspace's name, state, how many), as a beat has counted them."""
    name = Workspace.objects.filter(id=OuterRef("workspace_id")).values("name")
    rows = ScheduleCount.objects.annotate(name=Subquery(name)).values_list(
        "name", "workspace_id", "state", "count"
    )
    return [(known or str(workspace_id), state, count) for known, workspace_id, state, count in rows]


def open_incidents() -> dict[str, int]:
    """How many are open of each rule."""
    opened = Incident.objects.open().order_by().values("rule").annotate(count=Count("pk"))
    return dict(opened.values_list("rule", "count"))


def deliveries() -> list[tuple[str, str, int]]:
    """(channel, outcome, how many attempts came to it), ever."""
    return list(DeliveryCount.objects.values_list("channel", "outcome", "count"))


def broker_messages() -> int | None:
    """How many lie on the queue; None: the broker cannot tell."""
    return dispatch.queue_length()
