"""Hourly counts, and the deltas they are folded from."""

from typing import Any

from django.db import migrations, models

from schedules.migrations.initial.ids import auto_id

BOUNDS = (100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000)
OUTCOMES = ("succeeded", "failed", "lost", "cancelled")
KEY = ("workspace_id", "agent_id", "state", "reason", "trigger")

Fields = list[tuple[str, "models.Field[Any, Any]"]]


def of_whom() -> Fields:
    """Whose runs, and how they ended."""
    return [
        ("id", auto_id()),
        ("workspace_id", models.UUIDField()),
        ("agent_id", models.CharField(max_length=26)),
        ("state", models.CharField(help_text="A final state, or `missed`", max_length=10)),
        ("reason", models.CharField(db_default="", max_length=40)),
        ("trigger", models.CharField(help_text="cadence, late, manual or again", max_length=10)),
    ]


def said() -> Fields:
    """Null where nobody has said any."""
    return [
        ("input_tokens", models.BigIntegerField(null=True)),
        ("output_tokens", models.BigIntegerField(null=True)),
        ("cached_tokens", models.BigIntegerField(null=True)),
        ("cost", models.BigIntegerField(help_text="In billionths of a dollar", null=True)),
    ]


def count(help_text: str = "") -> "models.BigIntegerField[int, int]":
    return models.BigIntegerField(db_default=0, help_text=help_text)


def counted() -> Fields:
    """How many, how late, how long, at which cost."""
    buckets = [f"{kind}_to_{bound}" for kind in ("lateness", "duration") for bound in BOUNDS]
    return [
        ("run_count", count()),
        ("lateness_count", count()),
        ("lateness_sum", count("Milliseconds")),
        ("duration_count", count()),
        ("duration_sum", count("Milliseconds")),
        ("unpriced_count", count("Runs whose tokens have no known price")),
        *said(),
        *((bucket, count()) for bucket in buckets),
        *((f"attempts_{outcome}", count()) for outcome in OUTCOMES),
    ]


OPERATIONS = (
    migrations.CreateModel(
        "TallyDelta",
        fields=[
            *of_whom(),
            ("hour", models.DateTimeField()),
            (
                "run_count",
                models.PositiveIntegerField(help_text="0 of an attempt that was not a run's last"),
            ),
            (
                "lateness",
                models.BigIntegerField(help_text="Of a run that started, in milliseconds", null=True),
            ),
            (
                "outcome",
                models.CharField(
                    db_default="", help_text="Of an attempt; empty: there was none", max_length=10
                ),
            ),
            ("duration", models.BigIntegerField(help_text="Of that attempt, in milliseconds", null=True)),
            *said(),
        ],
    ),
    migrations.CreateModel(
        "HourTally",
        fields=[
            *of_whom(),
            *counted(),
            (
                "hour",
                models.DateTimeField(
                    help_text="When it begins, UTC; of missed fire times: the hour of the last one"
                ),
            ),
        ],
        options={
            "indexes": [models.Index(fields=["hour"], name="hour_tally_hour")],
            "constraints": [
                models.UniqueConstraint(
                    fields=("workspace_id", "hour", "agent_id", "state", "reason", "trigger"),
                    name="hour_tally_once",
                )
            ],
        },
    ),
    migrations.CreateModel(
        "TallyTotal",
        fields=[*of_whom(), *counted()],
        options={"constraints": [models.UniqueConstraint(fields=KEY, name="tally_total_once")]},
    ),
    migrations.CreateModel(
        "ScheduleCount",
        fields=[
            ("id", auto_id()),
            ("workspace_id", models.UUIDField()),
            (
                "state",
                models.CharField(
                    help_text="active, held, paused, finished; failing is another view of them", max_length=10
                ),
            ),
            ("count", models.BigIntegerField()),
            ("counted_at", models.DateTimeField()),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(fields=("workspace_id", "state"), name="schedule_count_once")
            ]
        },
    ),
)
