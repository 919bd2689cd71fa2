"""Idempotency keys: a client that does not know whether its request arrived sends it again, and it is done once.

The key's row is written in the transaction of the effect: there are both or neither, whatever dies in between. The
row is unique, so a duplicate that comes meanwhile waits for that transaction: after its commit it gets the same
answer, after its end without one (a refusal, a crash) it is the first itself.
Lock order: the key's row, then the schedule, then its runs.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from schedules.errors import IdempotencyKeyReused
from schedules.models import IdempotencyRecord

KEPT_FOR: Final = timedelta(hours=24)
"""An answer this old is forgotten: the key stands for nothing then."""

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """What a request is answered. `body`: any JSON value; `headers` beyond the usual ones."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    is_replayed: bool = False


def once(
    workspace_id: UUID, key: str, request: object, now: datetime, act: Callable[[], RecordedAnswer]
) -> RecordedAnswer:
    """The answer of `act`, which is called only if the workspace has used the key for no request within 24 hours.

    `request`: what makes two requests the same, as a JSON value; IdempotencyKeyReused if the key stands for
    another one. What `act` raises is remembered no more than its effect: the key stays unused.
    """
    fingerprint = _fingerprint(request)
    of_key = IdempotencyRecord.objects.filter(workspace=workspace_id, key=key)
    with transaction.atomic():
        of_key.filter(created_at__lte=now - KEPT_FOR).delete()
        record, is_first = of_key.get_or_create(
            workspace_id=workspace_id, key=key, defaults={"fingerprint": fingerprint, "created_at": now}
        )
        if not is_first:
            return _replayed(record, fingerprint)
        answer = act()
        of_key.update(status=answer.status, headers=answer.headers, body=json.dumps(answer.body))
    return answer


def _fingerprint(request: object) -> str:
    """Keyed, because a body may hold secrets: the digest of a short one could be guessed otherwise."""
    text = json.dumps(request, sort_keys=True)
    return salted_hmac(__name__, text, algorithm="sha256").hexdigest()


def _replayed(record: IdempotencyRecord, fingerprint: str) -> RecordedAnswer:
    if record.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    return RecordedAnswer(record.status, json.loads(record.body), record.headers, is_replayed=True)


def forget(now: datetime) -> int:
    """Delete the answers that are no longer given, in short transactions; how many there were."""
    old = IdempotencyRecord.objects.filter(created_at__lte=now - KEPT_FOR).order_by("created_at")
    forgotten = 0
    while ids := list(old.values_list("id", flat=True)[:_BATCH]):
        forgotten += IdempotencyRecord.objects.filter(id__in=ids).delete()[0]
    return forgotten
