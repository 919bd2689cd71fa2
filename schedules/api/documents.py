"""What clients get: the documents of schedules, runs, previews and explanations. What is absent is left out."""

from datetime import datetime, timedelta
from typing import Any, cast

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from schedules import holds
from schedules.api import pause_documents
from schedules.api.bodies import AGENT_TAG_HELP, EXPRESSION_HELP, TYPE_HELP
from schedules.api.pause_documents import PauseOfSchedule
from schedules.expressions import ExpressionWarning, WarningCode, warnings_of
from schedules.expressions.instants import rfc3339
from schedules.ledger.explaining import Outcome
from schedules.limits.calls_in_flight import Waits
from schedules.models import Run, RunAttempt, RunState, Schedule, ScheduleType, TriggerKind
from schedules.runs.attempts import OUTCOMES, Attempt, attempts_of
from schedules.secrets import payloads

_Instant = serializers.DateTimeField  # RFC 3339 with Z; a fraction of a second only where there is one


class Document(serializers.Serializer[Any]):
    """A JSON object without nulls."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The fields that have a value."""
        return {
            name: value for name, value in super().to_representation(instance).items() if value is not None
        }


@extend_schema_field({"$ref": "#/components/schemas/PublicSchedulePayload"})
class MaskedPayload(serializers.Field[Any, Any, Any, Any]):
    """A stored payload with its secrets masked."""

    def to_representation(self, value: payloads.Payload) -> payloads.Payload:
        """See schedules.secrets.payloads."""
        return payloads.masked(value)


class TextIfAny(serializers.CharField):
    """An empty text is as good as none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]  # None: left out
        """The text, or None."""
        return value or None


class Seconds(serializers.FloatField):
    """A duration in seconds."""

    def to_representation(self, value: timedelta) -> float:  # type: ignore[override]
        """The seconds, with a fraction."""
        return value.total_seconds()


@extend_schema_field({"type": "integer", "format": "int64"})
class Count(serializers.IntegerField):
    """A 64-bit counter."""


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Usage(serializers.JSONField):
    """Token usage, as the agent reported it."""


class NextAfter(serializers.CharField):
    """Where the next page begins."""

    def __init__(self, **kwargs: Any) -> None:
        where = "Pass it as `after` to get the next page; absent on the last page."
        super().__init__(required=False, help_text=where, **kwargs)


@extend_schema_serializer(component_name="PublicSchedule")
class ScheduleDocument(Document):
    """A schedule, as every operation returns it."""

    _id = serializers.CharField(source="id", label="id", help_text="The schedule's own id, a ULID.")
    workspace_id = serializers.UUIDField(help_text="The workspace of the agent.")
    agent_key = serializers.CharField(source="agent.key", help_text="The agent it runs.")
    agent_tag = serializers.CharField(required=False, help_text=AGENT_TAG_HELP)
    display_name = serializers.CharField(required=False, help_text="A human-readable name.")
    type = serializers.ChoiceField(ScheduleType.values, help_text=TYPE_HELP)
    expression = serializers.CharField(help_text=EXPRESSION_HELP)
    is_active = serializers.BooleanField(
        help_text="Whether the schedule fires. false means paused, held with its agent or workspace, or a once "
        "schedule that has fired."
    )
    generation = Count(
        help_text="Increases by one with each change of the cadence and each resume. "
        "A run of an older generation never starts."
    )
    payload = MaskedPayload()
    created_by_id = serializers.CharField(help_text="Who created it: an API key (`apk_…`) or a console user.")
    updated_by_id = serializers.CharField(
        required=False, help_text="Who last edited it; absent until the first edit."
    )
    created = _Instant(source="created_at", help_text="When it was created.")
    updated = _Instant(source="updated_at", help_text="When it was last edited.")
    last_triggered_at = _Instant(
        required=False, help_text="When its latest run started; absent before the first."
    )
    next_fire_at = _Instant(
        required=False,
        help_text="When it fires next; absent while inactive. While it is held until some time: the first fire time "
        "from then on.",
    )
    pause = PauseOfSchedule()
    trigger_count = Count(
        help_text="Runs started since it was created, or since its expression or type last changed."
    )

    def to_representation(self, instance: Schedule) -> dict[str, Any]:
        """What the fields above say, without asking them one by one: it is most of what the API answers."""
        pause = holds.pause_of(instance)
        document = {
            "_id": instance.id,
            "workspace_id": str(instance.workspace_id),
            "agent_key": instance.agent.key,
            "agent_tag": instance.agent_tag,
            "display_name": instance.display_name,
            "type": instance.type,
            "expression": instance.expression,
            "is_active": holds.is_shown_active(instance),
            "generation": instance.generation,
            "payload": self.payload_of(instance),
            "created_by_id": instance.created_by_id,
            "updated_by_id": instance.updated_by_id,
            "created": _instant(instance.created_at),
            "updated": _instant(instance.updated_at),
            "last_triggered_at": _instant(instance.last_triggered_at),
            "next_fire_at": _instant(holds.next_fire_under(instance)),
            "pause": None if pause is None else pause_documents.document_of(pause),
            "trigger_count": instance.trigger_count,
        }
        return {name: value for name, value in document.items() if value is not None}

    def payload_of(self, instance: Schedule) -> payloads.Payload | None:
        """As it is shown; None: it is left out."""
        return payloads.masked(instance.payload)


def _instant(instant: datetime | None) -> str | None:
    """As `_Instant` writes it."""
    return None if instant is None else rfc3339(instant)


@extend_schema_serializer(component_name="PublicExpressionWarning")
class WarningDocument(Document):
    """What is accepted, although something else was probably meant."""

    code = serializers.ChoiceField(
        [code.value for code in WarningCode], help_text="Names the warning for programs."
    )
    message = serializers.CharField(help_text="Says to a person what the expression means here, and why.")
    suggestion = serializers.CharField(
        required=False, help_text="The expression that was probably meant; absent where there is none."
    )


class Warnings(serializers.ListField):
    """The warnings on an expression; absent where there are none."""

    def __init__(self, **kwargs: Any) -> None:
        said = "What to look at twice in the expression; absent if nothing."
        super().__init__(child=WarningDocument(), required=False, help_text=said, **kwargs)

    def to_representation(self, value: list[ExpressionWarning]) -> list[Any] | None:  # type: ignore[override]  # None: left out
        """The list, or None."""
        return super().to_representation(value) if value else None


@extend_schema_serializer(component_name="PublicScheduleSaved")
class SavedScheduleDocument(ScheduleDocument):
    """A schedule, as it was created or changed just now."""

    warnings = Warnings()

    def to_representation(self, instance: Schedule) -> dict[str, Any]:
        """The schedule, with what should be looked at twice in its expression."""
        warnings = self.fields["warnings"].to_representation(warnings_of(instance.type, instance.expression))
        document = super().to_representation(instance)
        return document | {"warnings": warnings} if warnings else document


@extend_schema_serializer(component_name="PublicScheduleList")
class ScheduleList(Document):
    """Schedules of an agent, newest first."""

    schedules = ScheduleDocument(many=True, source="rows", help_text="Newest first.")
    next_after = NextAfter()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The holds are read once for all of them."""
        holds.remember(instance.rows)
        return super().to_representation(instance)


@extend_schema_serializer(component_name="PublicScheduleTriggered")
class Triggered(serializers.Serializer[Any]):
    """The answer to a trigger."""

    status = serializers.CharField(help_text="Always `triggered`.")
    schedule_id = serializers.CharField(help_text="The schedule that was triggered.")


@extend_schema_serializer(component_name="PublicRunError")
class RunError(serializers.Serializer[Any]):
    """How an attempt failed."""

    code = serializers.CharField(source="error_code", help_text="Identifies the failure for programs.")
    message = serializers.CharField(source="error_message", help_text="Describes the failure for people.")

    def to_representation(self, instance: Run | RunAttempt) -> dict[str, Any] | None:  # type: ignore[override]  # None: left out
        """The error of a run or of one of its attempts, or None."""
        return super().to_representation(instance) if instance.error_code else None


class WaitsFor(serializers.CharField):
    """What a due run waits for."""

    def to_representation(self, value: Run) -> str | None:  # type: ignore[override]  # None: left out
        """In words, or None."""
        context = cast("dict[str, Any]", self.context)  # of the whole document: each agent is looked at once
        waits: Waits = context.setdefault("waits", Waits())
        full = waits.why(value)
        return None if full is None else str(full)


class RetriedBy(TextIfAny):
    """The newest run that repeats a run's work; asked for where the query that found the run has not."""

    def get_attribute(self, instance: Run) -> str | None:
        """Its id, or None."""
        if "retried_by" in instance.__dict__:
            newest: str | None = instance.__dict__["retried_by"]
            return newest
        return Run.objects.again_of(instance.id).values_list("id", flat=True).first()


class AttemptsOfRun(serializers.ListSerializer[Any]):
    """The attempts of a run: the earlier ones and the run's own."""

    def get_attribute(self, instance: Run) -> list[Attempt]:
        """All that have begun."""
        return attempts_of(instance)


@extend_schema_serializer(component_name="PublicRunAttempt")
class AttemptDocument(Document):
    """One attempt of a run."""

    class Meta:
        list_serializer_class = AttemptsOfRun

    number = serializers.IntegerField(help_text="Which attempt it was, counted from 1.")
    worker = TextIfAny(help_text="The worker process that made it.")
    started_at = _Instant(required=False, help_text="When it started.")
    ended_at = _Instant(required=False, help_text="When it ended; absent until then.")
    outcome = serializers.ChoiceField(OUTCOMES, help_text="How it ended, or `running`.")
    error = RunError(source="*", required=False, help_text="Why it failed; absent if it did not.")
    response_id = TextIfAny(help_text="The agent's id for its response.")
    trace_id = TextIfAny(help_text="The attempt's trace.")


@extend_schema_serializer(component_name="PublicRun")
class RunDocument(Document):
    """The work of one firing or trigger, and its outcome."""

    _id = serializers.CharField(source="id", label="id", help_text="The run's own id, a ULID.")
    schedule_id = serializers.CharField(help_text="The schedule this run belongs to.")
    generation = Count(help_text="The schedule's generation when the run was created.")
    trigger = serializers.ChoiceField(
        TriggerKind.values, help_text="What created it: the cadence or a person."
    )
    fire_time = _Instant(
        required=False, help_text="The instant that the cadence gives; absent for a manual run."
    )
    is_misfire = serializers.BooleanField(help_text="Whether the fire time was noticed late.")
    retry_of = TextIfAny(source="again_of", help_text="The ended run whose work it repeats.")
    retried_by = RetriedBy(help_text="The newest run that repeats its work.")
    state = serializers.ChoiceField(
        RunState.values, help_text="Its state; succeeded, failed, cancelled and discarded are final."
    )
    reason = TextIfAny(help_text="Why it was discarded, cancelled or failed.")
    waits_for = WaitsFor(
        source="*",
        required=False,
        help_text="What a pending run waits for that could start: its agent, or its workspace, has as many calls in "
        "flight as it may. Absent otherwise.",
    )
    attempt = serializers.IntegerField(help_text="The current or last attempt, counted from 1.")
    max_attempts = serializers.IntegerField(
        help_text="The most attempts there may be, as the agent had it when the last one started; "
        "one more for each that was handed back."
    )
    created = _Instant(source="created_at", help_text="When it was created.")
    not_before = _Instant(help_text="The next attempt does not start before this instant.")
    started_at = _Instant(required=False, help_text="When the first attempt started.")
    finished_at = _Instant(required=False, help_text="When it ended; absent until then.")
    lateness_seconds = Seconds(
        source="lateness", required=False, help_text="Seconds from the instant it was due to its start."
    )
    agent_tag = serializers.CharField(
        required=False,
        help_text="The agent version that ran: the pinned one, or the active one when the run started.",
    )
    worker = TextIfAny(help_text="The worker process of the current or last attempt.")
    trace_id = TextIfAny(help_text="The trace of the current or last attempt.")
    response_id = TextIfAny(help_text="The agent's id for its response.")
    output_text = TextIfAny(help_text="The text of the agent's answer.")
    output_types = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="The kinds of items in the answer: `message`, `function_call` …",
    )
    usage = Usage(required=False, help_text="Token usage, as the agent reported it.")
    error = RunError(
        source="*", required=False, help_text="Why the last attempt failed; absent if it did not."
    )
    attempts = AttemptDocument(many=True, help_text="All attempts that have started, the oldest first.")


@extend_schema_serializer(component_name="PublicRunList")
class RunList(Document):
    """Runs of a schedule, newest first."""

    runs = RunDocument(many=True, source="rows", help_text="Newest first.")
    next_after = NextAfter()


@extend_schema_serializer(component_name="PublicPreview")
class PreviewDocument(Document):
    """When a cadence fires."""

    fire_times = serializers.ListField(child=_Instant(), help_text="Ascending, in UTC.")
    description = serializers.CharField(help_text="The cadence in words.")
    warnings = Warnings()


@extend_schema_serializer(component_name="PublicSchedulePreview")
class SchedulePreviewDocument(PreviewDocument):
    """When a schedule's current cadence fires."""

    is_active = serializers.BooleanField(
        help_text="If false, these are the fire times it would have if it were resumed now."
    )


@extend_schema_serializer(component_name="PublicExplanation")
class ExplanationDocument(Document):
    """What became of an instant of a schedule."""

    at = _Instant(help_text="The instant that is explained.")
    outcome = serializers.ChoiceField(
        [outcome.value for outcome in Outcome], help_text="The answer for programs."
    )
    words = serializers.CharField(help_text="The answer for people.")
    generation = Count(
        required=False, help_text="The generation in force at that instant; absent if it was not active."
    )
    reason = TextIfAny(help_text="Why the fire time was missed, or why its run ended as it did.")
    run = RunDocument(required=False, help_text="The run of this fire time.")
    next_fire_time = _Instant(required=False, help_text="Of that cadence, after the instant.")
