"""What clients get in the lists over a whole workspace: schedules and runs without what is long."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from schedules import holds
from schedules.api.documents import Document, NextAfter, RunDocument, ScheduleDocument
from schedules.models import Schedule

NOT_IN_RUNS: Final = ("payload", "output", "output_text", "schedule__payload")
"""What a list of runs does not read."""


@extend_schema_serializer(component_name="PublicScheduleSummary")
class ScheduleSummary(ScheduleDocument):
    """A schedule without its payload."""

    payload = None  # type: ignore[assignment]  # how a serializer leaves a field out

    def payload_of(self, instance: Schedule) -> None:
        """It is not even read."""


@extend_schema_serializer(component_name="PublicScheduleSummaries")
class ScheduleSummaries(Document):
    """Schedules of a workspace, newest first."""

    schedules = ScheduleSummary(many=True, source="rows", help_text="Newest first.")
    next_after = NextAfter()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The holds are read once for all of them."""
        holds.remember(instance.rows)
        return super().to_representation(instance)


@extend_schema_serializer(component_name="PublicRunSummary")
class RunSummary(RunDocument):
    """A run without its answer and its single attempts."""

    output_text = None  # type: ignore[assignment]
    attempts = None  # type: ignore[assignment]
    waits_for = None  # type: ignore[assignment]
    agent_key = serializers.CharField(
        source="agent.key", required=False, help_text="The agent it runs, or ran."
    )
    schedule_name = serializers.CharField(
        source="schedule.display_name", required=False, help_text="Its schedule's name, if it has one."
    )


@extend_schema_serializer(component_name="PublicRunSummaries")
class RunSummaries(Document):
    """Runs of a workspace, newest first."""

    runs = RunSummary(many=True, source="rows", help_text="Newest first.")
    next_after = NextAfter()
