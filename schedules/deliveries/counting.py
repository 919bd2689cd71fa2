"""How many attempts came to what, ever: counted in the transaction of each, so that no crash miscounts one."""

from collections.abc import Mapping

from django.db.models import F

from schedules.models import DeliveryCount


def add(outcome: str, counts: Mapping[str, int]) -> None:
    """Add these to what there is, by channel; last in the transaction: everybody who sends waits for these rows."""
    for channel, count in sorted(counts.items()):
        row = DeliveryCount.objects.filter(channel=channel, outcome=outcome)
        if not row.update(count=F("count") + count):
            DeliveryCount.objects.get_or_create(channel=channel, outcome=outcome)
            row.update(count=F("count") + count)
