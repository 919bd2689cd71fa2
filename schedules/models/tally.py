"""Tallies: how many runs ended how, and when they had been due. Counted once, kept longer than the runs.

A trigger of the database writes a TallyDelta whenever a run ends or fire times are recorded as missed, in the same
transaction, whichever statement and whichever version of the service does it. Beats fold the deltas into an HourTally
and a TallyTotal. The triggers are made by `migrations/initial/tally_triggers.py` and, on SQLite, by
`tallies/triggers_sqlite.py`.
"""

from datetime import timedelta
from typing import ClassVar, Final

from django.db import models

MISSED: Final = "missed"
"""The `state` of a tally that counts fire times without a run."""

BUCKETS: Final = (100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000)
"""Upper ends in milliseconds; what took longer is in `…_count` only. A change needs a migration."""

OUTCOMES: Final = ("succeeded", "failed", "lost", "cancelled")
"""What an attempt may come to."""

BILLIONTH: Final = 1_000_000_000
"""Costs are whole billionths of a dollar: sums of them are exact in every database."""

KEPT: Final = timedelta(days=400)
"""Thirteen months, so that each hour can be compared with the same one a year before."""


class TallyKey(models.Model):
    """Whose runs, and how they ended. No foreign keys: a tally outlives its agent."""

    workspace_id = models.UUIDField()
    agent_id = models.CharField(max_length=26)
    state = models.CharField(max_length=10, help_text="A final state, or `missed`")
    reason = models.CharField(max_length=40, db_default="")
    trigger = models.CharField(max_length=10, help_text="cadence, late, manual or again")

    class Meta:
        abstract = True


class TallyDelta(TallyKey):
    """One ended run, one of its earlier attempts, or one missed record; it waits to be folded."""

    hour = models.DateTimeField()
    run_count = models.PositiveIntegerField(help_text="0 of an attempt that was not a run's last")
    lateness = models.BigIntegerField(null=True, help_text="Of a run that started, in milliseconds")
    outcome = models.CharField(max_length=10, db_default="", help_text="Of an attempt; empty: there was none")
    duration = models.BigIntegerField(null=True, help_text="Of that attempt, in milliseconds")
    input_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    cached_tokens = models.BigIntegerField(null=True)
    cost = models.BigIntegerField(null=True, help_text="In billionths of a dollar")

    def __str__(self) -> str:
        return f"{self.run_count} {self.state}"


class TallyColumns(TallyKey):
    """What is counted. Tokens and cost: null where nobody has said any."""

    run_count = models.BigIntegerField(db_default=0)
    lateness_count = models.BigIntegerField(db_default=0)
    lateness_sum = models.BigIntegerField(db_default=0, help_text="Milliseconds")
    duration_count = models.BigIntegerField(db_default=0)
    duration_sum = models.BigIntegerField(db_default=0, help_text="Milliseconds")
    unpriced_count = models.BigIntegerField(db_default=0, help_text="Runs whose tokens have no known price")
    input_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    cached_tokens = models.BigIntegerField(null=True)
    cost = models.BigIntegerField(null=True, help_text="In billionths of a dollar")

    class Meta:
        abstract = True


BUCKET_COLUMNS: Final = {
    kind: tuple(f"{kind}_to_{bound}" for bound in BUCKETS) for kind in ("lateness", "duration")
}
OUTCOME_COLUMNS: Final = tuple(f"attempts_{outcome}" for outcome in OUTCOMES)
for _name in (*BUCKET_COLUMNS["lateness"], *BUCKET_COLUMNS["duration"], *OUTCOME_COLUMNS):
    TallyColumns.add_to_class(_name, models.BigIntegerField(db_default=0))


class HourTally(TallyColumns):
    """Of the runs that were due in one hour."""

    hour = models.DateTimeField(
        help_text="When it begins, UTC; of missed fire times: the hour of the last one"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace_id", "hour", "agent_id", "state", "reason", "trigger"],
                name="hour_tally_once",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["hour"], name="hour_tally_hour")]

    def __str__(self) -> str:
        return f"{self.run_count} {self.state} of {self.hour:%Y-%m-%d %H}"


class TallyTotal(TallyColumns):
    """Of all runs there ever were: retention takes nothing from it, so that counters never fall."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace_id", "agent_id", "state", "reason", "trigger"], name="tally_total_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_count} {self.state}"


class ScheduleCount(models.Model):
    """How many schedules of a workspace are in a state, as a beat has counted them within the last minute or so."""

    workspace_id = models.UUIDField()
    state = models.CharField(
        max_length=10, help_text="active, held, paused, finished; failing is another view of them"
    )
    count = models.BigIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace_id", "state"], name="schedule_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.state}"
