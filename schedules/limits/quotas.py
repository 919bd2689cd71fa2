"""How much a workspace may have: schedules, bytes of payloads, pending manual runs. A firing is never refused.

Each process keeps its own counts (see Counts), so no request pays for counting. What other processes accept between
two counts is not seen: together they may exceed a quota by as much.
"""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from schedules.errors import QuotaExceeded
from schedules.limits.counts import Amounts, Counts
from schedules.models import Run, Schedule, TriggerKind


def take_schedule(workspace_id: UUID, payload_bytes: int) -> None:
    """There is room for one more schedule with such a payload, or QuotaExceeded."""
    _take_stored(workspace_id, (1, payload_bytes))


def take_bytes(workspace_id: UUID, more_bytes: int) -> None:
    """There is room for a payload that grows so much, or QuotaExceeded."""
    _take_stored(workspace_id, (0, more_bytes))


def take_run(workspace_id: UUID) -> None:
    """There is room for one more pending run that somebody asks for, or QuotaExceeded."""
    quota = settings.ORQ.quota_pending_runs
    if quota and not _pending.take(workspace_id, (1,), (quota,)):
        raise QuotaExceeded(
            f"The workspace has {quota:,} runs pending that were asked for by hand, as many as it may have; "
            "wait until some have started, or cancel some"
        )


def forget(workspace_id: UUID) -> None:
    """A schedule was deleted: count anew once that is committed."""
    transaction.on_commit(lambda: _stored.forget(workspace_id))


def _take_stored(workspace_id: UUID, added: Amounts) -> None:
    quotas = (settings.ORQ.quota_schedules, settings.ORQ.quota_payload_bytes)
    if any(quotas) and not _stored.take(workspace_id, added, quotas):
        raise QuotaExceeded(
            f"The workspace may have {_or_any(quotas[0])} schedules, with {_or_any(quotas[1])} bytes of payloads "
            "together, and this would be more; delete schedules or shorten payloads"
        )


def _or_any(quota: int) -> str:
    return f"{quota:,}" if quota else "any number of"


def _count_stored(workspace_id: UUID) -> Amounts:
    live = Schedule.objects.live().filter(workspace=workspace_id).order_by()
    found = live.aggregate(schedules=Count("id"), payload_bytes=Coalesce(Sum("payload_bytes"), 0))
    return found["schedules"], found["payload_bytes"]


def _count_pending(workspace_id: UUID) -> Amounts:
    """Not more than the quota are looked at."""
    pending = Run.objects.pending().filter(workspace=workspace_id, trigger=TriggerKind.MANUAL)
    return (pending.order_by()[: settings.ORQ.quota_pending_runs].count(),)


_stored, _pending = Counts(_count_stored), Counts(_count_pending)
