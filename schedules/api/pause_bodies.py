"""What clients send to pause something."""

from datetime import datetime
from typing import TypedDict, cast

from drf_spectacular.utils import extend_schema_serializer
from rest_framework.request import Request

from schedules.api.bodies import Body, Text, read, validated
from schedules.api.queries import Instant
from schedules.models import NOTE_LENGTH


class SaidOfPause(TypedDict):
    """A note, and until when; None: until somebody resumes it."""

    note: str
    until: datetime | None


@extend_schema_serializer(component_name="PauseRequest")
class PauseBody(Body):
    """The body of a pause; it may be left out."""

    note = Text(
        required=False, max_length=NOTE_LENGTH, help_text="Why, for whoever looks at it. Shown to everybody."
    )
    until = Instant(
        required=False,
        allow_null=True,
        help_text="When the service ends the pause; absent or null: when somebody resumes it.",
    )


def pause(request: Request) -> SaidOfPause:
    """What the body says, or nothing where there is none; InvalidRequest or a validation error."""
    said = validated(PauseBody(data={})) if request.stream is None else read(PauseBody, request)
    return cast("SaidOfPause", {"note": "", "until": None} | said)
