"""How much a workspace, and each of its agents, may have: schedules, bytes of payloads, pending manual runs.

A firing is never refused. Each process keeps its own counts (see Counts), so no request pays for counting. What other
processes accept between two counts is not seen: together they may exceed a quota by as much.
"""

from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from schedules.errors import QuotaExceeded
from schedules.limits.counts import Amounts, Counts, OwnerId
from schedules.models import Run, Schedule, TriggerKind


class Owners(NamedTuple):
    """Whose quotas something counts for."""

    workspace_id: UUID
    agent_id: str


class _Kind(NamedTuple):
    """A kind of owner, and where its quotas stand."""

    noun: str
    settings_prefix: str

    def quotas(self, *names: str) -> tuple[int, ...]:
        return tuple(getattr(settings.ORQ, f"{self.settings_prefix}{name}") for name in names)


_WORKSPACE, _AGENT = _Kind("workspace", "quota_"), _Kind("agent", "quota_agent_")


def _each(owners: Owners) -> tuple[tuple[_Kind, OwnerId], ...]:
    return (_WORKSPACE, owners.workspace_id), (_AGENT, owners.agent_id)


def take_schedule(owners: Owners, payload_bytes: int) -> None:
    """There is room for one more schedule with such a payload, or QuotaExceeded."""
    _take_stored(owners, (1, payload_bytes))


def take_bytes(owners: Owners, more_bytes: int) -> None:
    """There is room for a payload that grows so much, or QuotaExceeded."""
    _take_stored(owners, (0, more_bytes))


def take_run(owners: Owners) -> None:
    """There is room for one more pending run that somebody asks for, or QuotaExceeded."""
    for kind, owner_id in _each(owners):
        [quota] = kind.quotas("pending_runs")
        if quota and not _pending[kind].take(owner_id, (1,), (quota,)):
            raise QuotaExceeded(
                f"The {kind.noun} has {quota:,} runs pending that were asked for by hand, as many as it may have; "
                "wait until some have started, or cancel some"
            )


def forget(owners: Owners) -> None:
    """A schedule was deleted: count anew once that is committed."""
    for kind, owner_id in _each(owners):
        transaction.on_commit(partial(_stored[kind].forget, owner_id))


def _take_stored(owners: Owners, added: Amounts) -> None:
    for kind, owner_id in _each(owners):
        quotas = kind.quotas("schedules", "payload_bytes")
        if any(quotas) and not _stored[kind].take(owner_id, added, quotas):
            raise QuotaExceeded(
                f"The {kind.noun} may have {_or_any(quotas[0])} schedules, with {_or_any(quotas[1])} bytes of "
                "payloads together, and this would be more; delete schedules or shorten payloads"
            )


def _or_any(quota: int) -> str:
    return f"{quota:,}" if quota else "any number of"


def _counts_of(kind: _Kind) -> tuple[Counts, Counts]:
    """What is stored and what is pending, of each owner of this kind."""

    def count_stored(owner_id: Any) -> Amounts:
        live = Schedule.objects.live().filter(**{kind.noun: owner_id}).order_by()
        found = live.aggregate(schedules=Count("id"), payload_bytes=Coalesce(Sum("payload_bytes"), 0))
        return found["schedules"], found["payload_bytes"]

    def count_pending(owner_id: Any) -> Amounts:
        """Not more than the quota are looked at."""
        [quota] = kind.quotas("pending_runs")
        pending = Run.objects.pending().filter(**{kind.noun: owner_id}, trigger=TriggerKind.MANUAL)
        return (pending.order_by()[:quota].count(),)

    return Counts(count_stored), Counts(count_pending)


_by_kind = {kind: _counts_of(kind) for kind in (_WORKSPACE, _AGENT)}
_stored = {kind: stored for kind, (stored, _) in _by_kind.items()}
_pending = {kind: pending for kind, (_, pending) in _by_kind.items()}
