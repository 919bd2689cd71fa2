"""What clients ask in the query of a GET, and the body of a preview. Other query parameters are ignored."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from schedules.api import bodies
from schedules.database.ulids import ULID_PATTERN
from schedules.expressions.instants import read_instant
from schedules.models import RunState, TriggerKind
from schedules.previewing import Window

MOST = 100


class Instant(serializers.DateTimeField):
    """An instant as RFC 3339 writes it, in any time zone, from 1970 on."""

    def to_internal_value(self, value: Any) -> Any:
        """Aware UTC."""
        try:
            return read_instant(value)
        except (ValueError, TypeError):
            raise serializers.ValidationError(
                "Must be an RFC 3339 instant from 1970 on, such as 2026-06-01T09:00:00Z."
            ) from None


class Position(serializers.RegexField):
    """A `next_after`: the ULID of the last one shown."""

    def __init__(self, **kwargs: Any) -> None:
        messages: dict[str, Any] = {"invalid": "Must be the next_after of the previous page."}
        super().__init__(rf"^{ULID_PATTERN}\Z", required=False, error_messages=messages, **kwargs)


def _limit(help_text: str, **kwargs: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=MOST, help_text=help_text, **kwargs)


AFTER_HELP = "`next_after` of the previous page; this page starts with the next older item."


class Between(serializers.Serializer[Any]):
    """`from` (included) and `to` (excluded)."""

    to = Instant(required=False, help_text="Only what is before this instant.")

    def get_fields(self) -> dict[str, Any]:
        """With `from`, which is not a name that Python allows."""
        first = Instant(required=False, help_text="Only what is at or after this instant.")
        return {"from": first} | super().get_fields()


class Range(Between):
    """`from` and `to` of what has been: a range that holds nothing is a mistake."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """`to` is later."""
        if "from" in attrs and "to" in attrs and attrs["to"] <= attrs["from"]:
            raise serializers.ValidationError({"to": ["Must be after from."]})
        return attrs


class ScheduleListQuery(serializers.Serializer[Any]):
    """Of a list of schedules."""

    limit = _limit("Maximum number of schedules to return; all if absent.", required=False)
    after = Position(help_text=AFTER_HELP)


class RunListQuery(Range):
    """Of a list of runs; `from` and `to` are about `created`."""

    limit = _limit("Maximum number of runs to return.", default=20)
    after = Position(help_text=AFTER_HELP)
    state = serializers.ChoiceField(RunState.values, required=False, help_text="Only runs in this state.")
    trigger = serializers.ChoiceField(
        TriggerKind.values, required=False, help_text="Only runs with this trigger: the cadence, or a person."
    )


def _name(form: str, example: str, **kwargs: Any) -> serializers.RegexField:
    """A name that a line of the journal could have."""
    messages: Any = {"invalid": f"Must be a name such as {example}."}
    return serializers.RegexField(rf"^{form}\Z", required=False, error_messages=messages, **kwargs)


_WORD = "[a-z_]{1,40}"
_ID = "[A-Za-z0-9-]{1,40}"


class JournalQuery(Range):
    """Of the journal; `from` and `to` are about `at`."""

    limit = _limit("Maximum number of lines to return.", default=20)
    after = Position(help_text=AFTER_HELP)
    object_type = _name(_WORD, "schedule", help_text="Only acts on objects of this type.")
    object_id = _name(_ID, "01KPN29WWKSK0VDPJNTKZPVNRB", help_text="Only acts on this object.")
    actor_id = _name(_ID, "01KPM5XHYF7NXZ1S3XK2J8Q4B7", help_text="Only acts of this key or user.")
    verb = _name(_WORD, "update", help_text="Only acts of this verb.")


class PreviewQuery(Between):
    """Of a preview; without `from` it begins now."""

    limit = _limit("Maximum number of fire times to return.", default=10)


class ExplainQuery(serializers.Serializer[Any]):
    """Of an explanation."""

    at = Instant(help_text="The instant to explain.")


@extend_schema_serializer(component_name="PreviewRequest")
class PreviewBody(Between, bodies.Body):
    """The body of a preview: an expression that is not a schedule yet."""

    type = bodies.type_field()
    expression = bodies.Text(help_text=bodies.EXPRESSION_HELP)
    limit = bodies.Number(
        min_value=1, max_value=MOST, default=10, help_text="Maximum number of fire times to return."
    )


_COLUMNS = {"state": "state", "trigger": "trigger", "from": "created_at__gte", "to": "created_at__lt"}


def run_filter(query: dict[str, Any]) -> dict[str, Any]:
    """The conditions on runs that a query names, as Django's lookups."""
    return {lookup: query[name] for name, lookup in _COLUMNS.items() if name in query}


_OF_A_LINE = ("object_type", "object_id", "actor_id", "verb")


def journal_filter(query: dict[str, Any]) -> dict[str, Any]:
    """The conditions on lines of the journal that a query names, but for the time."""
    return {name: query[name] for name in _OF_A_LINE if name in query}


def window(query: dict[str, Any]) -> Window:
    """Which fire times a preview asks for."""
    return Window(query.get("from"), query.get("to"), query["limit"])


def read_query(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The query parameters that were sent, or have a default; a validation error."""
    return bodies.validated(serializer(data=request.query_params.dict()))
