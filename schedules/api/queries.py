"""What clients ask in the query of a GET, and the body of a preview. Other query parameters are ignored."""

from datetime import timedelta
from typing import Any, Final

from django.db.models import Q, TextChoices
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from schedules.alerts.reading import STATES
from schedules.alerts.rules import RULES
from schedules.api import bodies
from schedules.database.ulids import ULID_PATTERN, lowest_ulid_at
from schedules.expressions.instants import read_instant
from schedules.models import DeliveryState, RunState, TriggerKind
from schedules.models.agent import AGENT_KEY
from schedules.previewing import Window

MOST = 100
_REASON: Final = "[!-~]{1,40}"
CLOCKS_APART: Final = timedelta(hours=1)


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


class OneAgent(serializers.RegexField):
    """A filter: the key of an agent."""

    def __init__(self, what: str) -> None:
        messages: dict[str, Any] = {"invalid": "Must be the key of an agent, such as customer_digest."}
        help_text = f"Only {what} of this agent."
        super().__init__(
            AGENT_KEY,
            required=False,
            max_length=255,
            trim_whitespace=False,
            error_messages=messages,
            help_text=help_text,
        )


class OneId(serializers.RegexField):
    """A filter: a ULID."""

    def __init__(self, **kwargs: Any) -> None:
        messages: dict[str, Any] = {"invalid": "Must be an id, a ULID."}
        super().__init__(rf"^{ULID_PATTERN}\Z", required=False, error_messages=messages, **kwargs)


class Activity(TextChoices):
    """A schedule's own switch: whether it fires, and if not, why. No hold changes it."""

    ACTIVE = "active"
    PAUSED = "paused"
    FINISHED = "finished"


class AllSchedulesQuery(serializers.Serializer[Any]):
    """Of the schedules of a workspace."""

    limit = _limit("Maximum number of schedules to return.", default=20)
    after = Position(help_text=AFTER_HELP)
    id = OneId(help_text="Only the schedule of this id.")
    agent = OneAgent("schedules")
    activity = serializers.ChoiceField(
        Activity.values,
        required=False,
        help_text="Only schedules whose own switch is on, that were paused themselves, or whose only fire time has "
        "fired. A hold changes none of that: a held schedule's `pause` names it.",
    )


class AllRunsQuery(RunListQuery):
    """Of the runs of a workspace; `from` and `to` are about `created`."""

    id = OneId(help_text="Only the run of this id.")
    agent = OneAgent("runs")
    reason = serializers.RegexField(
        rf"^{_REASON}\Z",
        required=False,
        error_messages={"invalid": "Must be a reason such as agent_timeout."},
        help_text="Only runs that ended without success for this reason.",
    )


class WebhookListQuery(serializers.Serializer[Any]):
    """Of the endpoints of a workspace."""

    limit = _limit("Maximum number of endpoints to return; all if absent.", required=False)
    after = Position(help_text=AFTER_HELP)


class DeliveryListQuery(Range):
    """Of the messages of a workspace; `from` and `to` are about `created`."""

    limit = _limit("Maximum number of deliveries to return.", default=20)
    after = Position(help_text=AFTER_HELP)
    state = serializers.ChoiceField(
        DeliveryState.values, required=False, help_text="Only deliveries in this state."
    )
    webhook_id = OneId(help_text="Only deliveries to this endpoint.")


class StatisticsQuery(Range):
    """Of an agent's statistics; `from` and `to` are about the time at which runs were due."""


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


class IncidentQuery(Range):
    """Of incidents; `from` and `to` are about `opened`."""

    limit = _limit("Maximum number of incidents to return.", default=20)
    after = Position(help_text=AFTER_HELP)
    state = serializers.ChoiceField(
        tuple(STATES),
        required=False,
        help_text="Only incidents in this state; open: and nobody has seen them.",
    )
    rule = serializers.ChoiceField(tuple(RULES), required=False, help_text="Only incidents of this rule.")
    agent = OneAgent("incidents")
    subject_id = _name(_ID, "01KPN29WWKSK0VDPJNTKZPVNRB", help_text="Only incidents about this object.")


class AlertRuleQuery(serializers.Serializer[Any]):
    """Whose rule is meant; without both: the workspace's."""

    agent = OneAgent("rule")
    schedule = OneId(help_text="Only the rule of this schedule of that agent.")


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


_ACTIVITIES = {
    Activity.ACTIVE: Q(is_active=True),
    Activity.PAUSED: Q(is_active=False, is_finished=False),
    Activity.FINISHED: Q(is_finished=True),
}


def all_schedules_filter(query: dict[str, Any]) -> Q:
    """The conditions on schedules that a query names."""
    condition = _ACTIVITIES[query["activity"]] if "activity" in query else Q()
    return condition & Q(id=query["id"]) if "id" in query else condition


_COLUMNS = {"state": "state", "trigger": "trigger", "from": "created_at__gte", "to": "created_at__lt"}


def run_filter(query: dict[str, Any]) -> dict[str, Any]:
    """The conditions on runs that a query names, as Django's lookups."""
    return {lookup: query[name] for name, lookup in _COLUMNS.items() if name in query}


def all_runs_filter(query: dict[str, Any]) -> Q:
    """The same for the runs of a workspace, in terms of what is indexed there.

    An id has the time of the process that made it, `created` is the database's: no two clocks are further apart than
    CLOCKS_APART.
    """
    conditions = Q(**run_filter(query))
    if "id" in query:
        conditions &= Q(id=query["id"])
    if "from" in query:
        conditions &= Q(id__gte=lowest_ulid_at(query["from"] - CLOCKS_APART))
    if "to" in query:
        conditions &= Q(id__lt=lowest_ulid_at(query["to"] + CLOCKS_APART))
    if "reason" in query:
        conditions &= Q(reason=query["reason"])
    return conditions


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
