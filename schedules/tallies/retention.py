"""Hours are forgotten after thirteen months; totals never are."""

from datetime import datetime

from schedules.models import HourTally
from schedules.models.tally import KEPT


def prune(now: datetime) -> int:
    """Delete the tallies of hours that are older than they are kept; how many."""
    return HourTally.objects.filter(hour__lt=now - KEPT).delete()[0]
