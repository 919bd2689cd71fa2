"""What clients send: the bodies of create and update. Nothing is coerced."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from schedules.editing import NewSchedule, ScheduleChanges
from schedules.errors import InvalidRequest
from schedules.expressions.invalid_expression import quoted
from schedules.models import ScheduleType
from schedules.models.schedule import AGENT_TAG_LENGTH, DISPLAY_NAME_LENGTH

MAX_SHOWN_NAME = 100


class Text(serializers.CharField):
    """A string as it was sent: no number becomes one, no blank is cut off."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_blank": True, "trim_whitespace": False} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The string itself."""
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class Number(serializers.IntegerField):
    """An integer; not 1.0, "1" or true."""

    def to_internal_value(self, data: Any) -> int:
        """The integer itself."""
        if type(data) is not int:
            self.fail("invalid")
        return data


class Flag(serializers.BooleanField):
    """true or false; not 1, "yes" or null."""

    def to_internal_value(self, data: Any) -> bool:
        """The boolean itself."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field({"$ref": "#/components/schemas/PublicSchedulePayload"})
class PayloadAsSent(serializers.Field[Any, Any, Any, Any]):
    """Any JSON value but null: schedules.secrets.payloads checks it where it is used."""

    def to_internal_value(self, data: Any) -> Any:
        """The value itself."""
        return data


def type_field(**kwargs: Any) -> serializers.ChoiceField:
    """The field `type` of a body."""
    messages: dict[str, Any] = {"invalid_choice": f"Must be one of {', '.join(ScheduleType.values)}."}
    return serializers.ChoiceField(
        ScheduleType.values, error_messages=messages, help_text=TYPE_HELP, **kwargs
    )


TYPE_HELP = "The form of the expression."
EXPRESSION_HELP = (
    "When it runs, in UTC. cron: six fields, seconds first (`0 0 9 * * mon-fri`), or a descriptor (`@daily`); "
    "interval: `@every` and a duration of at least an hour (`@every 1h30m`); "
    "once: `@at` and an instant (`@at 2099-05-01T09:00:00Z`)."
)
AGENT_TAG_HELP = "The agent version that every run uses; if absent, the version that is active when it runs."


class Body(serializers.Serializer[Any]):
    """A JSON object that has the declared fields and no other."""

    def to_internal_value(self, data: Any) -> Any:
        """The validated fields that were sent; InvalidRequest naming one that is not declared."""
        for name in data:
            if name not in self.fields:
                declared = ", ".join(self.fields)
                raise InvalidRequest(
                    f"There is no field {quoted(name)}; the fields are {declared}",
                    param=name[:MAX_SHOWN_NAME],
                )
        return super().to_internal_value(data)


@extend_schema_serializer(component_name="CreateScheduleRequest")
class NewScheduleBody(Body):
    """The body of create."""

    type = type_field()
    expression = Text(help_text=EXPRESSION_HELP)
    payload = PayloadAsSent()
    agent_tag = Text(required=False, allow_null=True, max_length=AGENT_TAG_LENGTH, help_text=AGENT_TAG_HELP)
    display_name = Text(
        required=False, allow_null=True, max_length=DISPLAY_NAME_LENGTH, help_text="A human-readable name."
    )


@extend_schema_serializer(component_name="UpdateScheduleRequest")
class ScheduleChangesBody(Body):
    """The body of update: whatever is named may change; null clears what may be absent."""

    type = type_field(required=False)
    expression = Text(required=False, help_text=EXPRESSION_HELP)
    payload = PayloadAsSent(required=False, help_text="Replaces the whole payload.")
    agent_tag = Text(required=False, allow_null=True, max_length=AGENT_TAG_LENGTH, help_text=AGENT_TAG_HELP)
    is_active = Flag(required=False, help_text="false pauses the schedule, true resumes it.")
    display_name = Text(
        required=False, allow_null=True, max_length=DISPLAY_NAME_LENGTH, help_text="A human-readable name."
    )


def new_schedule(request: Request) -> NewSchedule:
    """The schedule that the body of a create describes; InvalidRequest or a validation error."""
    return NewSchedule(**read(NewScheduleBody, request))


def schedule_changes(request: Request) -> ScheduleChanges:
    """The changes that the body of an update names; InvalidRequest or a validation error."""
    return cast("ScheduleChanges", read(ScheduleChangesBody, request))


def read(body_class: type[Body], request: Request) -> dict[str, Any]:
    """The fields of a request's body; InvalidRequest or a validation error."""
    if request.stream is None:  # for REST framework no body is the same as {}
        raise InvalidRequest("The body is empty: send a JSON object")
    if not isinstance(request.data, dict):
        raise InvalidRequest("The body must be a JSON object")
    return validated(body_class(data=request.data))


def validated(body: serializers.Serializer[Any]) -> dict[str, Any]:
    """What was sent, when it is right, with the defaults of what was not; a validation error."""
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)
