"""ClockLeap: the database's clock leapt ahead and was believed; if that was wrong, beats mend what it has done."""

from datetime import datetime
from typing import ClassVar, Final, Self

from django.db import models
from django.db.models import Q

from schedules.expressions.instants import for_people
from schedules.expressions.minimum import MINIMUM_CADENCE

WORTH_MENDING: Final = MINIMUM_CADENCE
"""Nearer than this to the end of a leap nothing is: no schedule waits for longer than its cadence makes it."""


class ClockLeapQuerySet(models.QuerySet["ClockLeap"]):
    """Leaps by what is to be done about them."""

    def undone(self, now: datetime) -> Self:
        """Those between whose two times it is now: the clock has been set back, and the leap was wrong."""
        is_open = Q(mended_at=None)
        return self.filter(is_open, left_at__lte=now, reached_at__gt=now + WORTH_MENDING)


class ClockLeap(models.Model):
    """At `left_at` it became `reached_at`, for all that beats have done since."""

    left_at = models.DateTimeField()
    reached_at = models.DateTimeField()
    mended_at = models.DateTimeField(
        null=True, blank=True, help_text="The clock was set back, and nothing is planned beyond it any more"
    )

    objects = ClockLeapQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"from {for_people(self.left_at)} to {for_people(self.reached_at)}"
