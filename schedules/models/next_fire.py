"""NextFire: the cadence in force and when it fires next: all that a firing reads and writes of a schedule.

A table of its own, narrow and with few indexes: however many schedules there are, a firing leaves their rows alone.
"""

from datetime import UTC, datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from schedules.expressions.instants import for_people
from schedules.models.schedule import Schedule, ScheduleType


class NextFireQuerySet(models.QuerySet["NextFire"]):
    """Next fires by what may happen to them."""

    def due(self, now: datetime) -> Self:
        """Their fire time has come and they are not suspended, earliest first."""
        is_free = Q(suspended_until=None) | Q(suspended_until__lte=now)
        return self.filter(is_free, fire_time__lte=now).order_by("fire_time")

    def unreachable(self, now: datetime) -> Self:
        """Their fire time is none that ever comes, such as infinity, and they are not suspended."""
        is_free = Q(suspended_until=None) | Q(suspended_until__lte=now)
        return self.filter(is_free, fire_time__gt=datetime.max.replace(tzinfo=UTC))


class NextFire(models.Model):
    """An active schedule has one, any other has none. Its row's lock decides which beat fires it.

    It begins and ends with a generation (see ledger/epochs.py): what it copies from the schedule is what that says.
    """

    schedule = models.OneToOneField(
        Schedule, on_delete=models.CASCADE, primary_key=True, related_name="next_fire"
    )
    generation = models.PositiveBigIntegerField()
    type = models.CharField(max_length=10, choices=ScheduleType.choices)
    expression = models.CharField(max_length=1000)
    anchor_at = models.DateTimeField()
    fire_time = models.DateTimeField()
    suspended_until = models.DateTimeField(
        null=True, blank=True, help_text="Not fired before: its cadence could not be computed"
    )

    objects = NextFireQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["fire_time"], name="next_fire_due")]

    def __str__(self) -> str:
        return f"{self.schedule_id} at {for_people(self.fire_time)}"

    @property
    def is_impossible(self) -> bool:
        """Whether its fire time is none that a cadence can have: not after its beginning, or never."""
        return self.fire_time <= self.anchor_at or self.fire_time == datetime.max.replace(tzinfo=UTC)


def remember_next_fire(schedule: Schedule, next_fire: NextFire | None) -> None:
    """As if it had been loaded with the schedule."""
    Schedule._meta.get_field("next_fire").set_cached_value(schedule, next_fire)
