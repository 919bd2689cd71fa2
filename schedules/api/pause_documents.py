"""What clients get of a pause, and of the workspace that may have one."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from schedules import holds
from schedules.expressions.instants import rfc3339
from schedules.holds import Pause
from schedules.models import Hold, PauseReason, Schedule

SCOPES = ("schedule", "agent", "workspace", "everything")


@extend_schema_serializer(component_name="PublicPause")
class PauseDocument(serializers.Serializer[Any]):
    """Why nothing fires: a schedule's own pause, or what holds it with others."""

    scope = serializers.ChoiceField(
        SCOPES,
        help_text="What is paused. All but `schedule` are holds: they leave schedules as they are, and resuming the "
        "schedule does not lift them.",
    )
    note = serializers.CharField(required=False, help_text="What whoever paused it wrote.")
    until = serializers.DateTimeField(
        required=False, help_text="When it ends by itself; absent: when somebody resumes it."
    )
    since = serializers.DateTimeField(
        required=False, help_text="When it began; absent where that is not on record."
    )
    by_id = serializers.CharField(
        required=False, help_text="Who paused it: an API key (`apk_…`) or a console user."
    )
    reason = serializers.ChoiceField(
        PauseReason.values,
        required=False,
        help_text="Why the service paused it by itself; absent: somebody asked for it. `repeated_failures`: so many "
        "runs failed in a row in a way that repeating cannot mend. Mend the cause, then resume it.",
    )


def document_of(pause: Pause) -> dict[str, Any]:
    """What is on record of it."""
    document = {
        "scope": pause.scope,
        "note": pause.note,
        "until": None if pause.until_at is None else rfc3339(pause.until_at),
        "since": None if pause.since_at is None else rfc3339(pause.since_at),
        "by_id": pause.by_id,
        "reason": pause.reason,
    }
    return {name: value for name, value in document.items() if value}


@extend_schema_serializer(component_name="PublicHold")
class HoldDocument(PauseDocument):
    """A hold in force."""

    scope = serializers.ChoiceField(SCOPES[1:], help_text="What is held.")
    agent_key = serializers.CharField(required=False, help_text="The agent that is held, if it is one.")

    def to_representation(self, instance: Hold) -> dict[str, Any]:
        """What is on record of it."""
        document = document_of(holds.pause_of_hold(instance))
        return document if instance.agent is None else document | {"agent_key": instance.agent.key}


@extend_schema_field(PauseDocument)
class PauseOfHolds(serializers.Field[Any, Any, Any, Any]):
    """The widest hold in force on something that was asked about it before (`held_by`)."""

    def __init__(self, **kwargs: Any) -> None:
        said = "What holds it; absent: nothing."
        super().__init__(source="*", required=False, help_text=said, **kwargs)

    def to_representation(self, value: Any) -> dict[str, Any] | None:
        """The pause, or None."""
        hold = getattr(value, "held_by", None)
        return None if hold is None else document_of(holds.pause_of_hold(hold))


@extend_schema_field(PauseDocument)
class PauseOfSchedule(serializers.Field[Any, Any, Any, Any]):
    """Why a schedule is paused."""

    def __init__(self, **kwargs: Any) -> None:
        said = "Why it is paused; absent: it is not. A hold stands before its own pause."
        super().__init__(source="*", required=False, help_text=said, **kwargs)

    def to_representation(self, value: Schedule) -> dict[str, Any] | None:
        """The pause, or None."""
        pause = holds.pause_of(value)
        return None if pause is None else document_of(pause)
