"""Messages that are over are deleted with other history; what is on its way stays, however old it is."""

from datetime import datetime
from typing import Final

from schedules.models import Delivery, DeliveryState

BATCH: Final = 1000


def prune(before: datetime) -> int:
    """Delete what was delivered or given up before this, in short transactions; how many there were."""
    over = Delivery.objects.exclude(state=DeliveryState.PENDING).filter(ended_at__lt=before)
    deleted = 0
    while ids := list(over.order_by("ended_at").values_list("id", flat=True)[:BATCH]):
        deleted += over.filter(id__in=ids).delete()[0]
    return deleted
