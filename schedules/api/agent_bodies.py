"""What clients send of an agent. Types are read here; what each setting may be is judged by `schedules.agents`."""

from datetime import timedelta
from typing import Any, Final, cast

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from schedules.agents import AgentChanges
from schedules.api.bodies import Body, Flag, Number, Text, read
from schedules.errors import InvalidRequest, Refused

SECONDS: Final = "_seconds"
DURATIONS: Final = ("connect_timeout", "read_timeout", "total_timeout", "retry_base", "retry_cap")

RUNTIME_HELP = "What calls it: `responses`, `chat`, `webhook`, `a2a`, `echo`, or one that was installed."
BASE_URL_HELP = "Where its server is, e.g. `https://agents.example.org`."
PATH_HELP = "Where on its server it is called; absent: as its runtime usually has it."
DIALECT_HELP = "Which form its requests have; empty: by runtime and path."
MODEL_HELP = "Sent as `model`, `{tag}` in it filled in; empty: `agent/<key>[@tag]`."
PROVIDER_HELP = "Whose model it is, for traces and prices."
INPUT_PRICE_HELP = (
    "Dollars per million input tokens, where neither the answer nor the table of known models has a price."
)
OUTPUT_PRICE_HELP = "Dollars per million output tokens."
CREDENTIAL_HEADER_HELP = "The header that carries the credential."
EXTRA_BODY_HELP = "Merged under what is sent: instructions, tools, reasoning … No field of our own."
EXTRA_HEADERS_HELP = (
    'Sent with each request, by name. One written as `{"secret": true, "value": "…"}` is stored sealed and read '
    "back as `********`."
)
BACKGROUND_HELP = "Ask for background work, then poll."
STREAM_HELP = "Ask for an event stream, which keeps proxies awake."
SILENT_HELP = "Attempts of a run that may end in silence: the agent may still be at work."
IN_FLIGHT_HELP = (
    "Calls at one time; further runs wait. 0: no limit; null, the default: half of the workers' threads."
)
ACTIVE_TAG_HELP = "The version that unpinned schedules use."
TIMEOUT_HELP: Final = {
    "connect_timeout": "Longest wait for a connection.",
    "read_timeout": "Longest silence of its server.",
    "total_timeout": "Longest call, with all its polls.",
    "retry_base": "Wait before the second attempt; doubles with each.",
    "retry_cap": "Longest wait between attempts.",
}


class Seconds(serializers.FloatField):
    """A number of seconds; not a text, not true."""

    def to_internal_value(self, data: Any) -> timedelta:  # type: ignore[override]  # stored as a duration
        """The duration."""
        if type(data) not in (int, float):
            self.fail("invalid")
        try:
            return timedelta(seconds=data)
        except (OverflowError, ValueError):
            raise serializers.ValidationError("This is not a length of time.") from None


class Price(serializers.FloatField):
    """A number; not a text, not true."""

    def to_internal_value(self, data: Any) -> float:
        """The number."""
        if type(data) not in (int, float):
            self.fail("invalid")
        return float(data)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class JsonObject(serializers.Field[Any, Any, Any, Any]):
    """A JSON object as it was sent."""

    def to_internal_value(self, data: Any) -> Any:
        """The object itself."""
        if not isinstance(data, dict):
            raise serializers.ValidationError("Must be an object.")
        return data


class _Settings(Body):
    """Every setting; none is required."""

    runtime = Text(required=False, help_text=RUNTIME_HELP)
    base_url = Text(required=False, help_text=BASE_URL_HELP)
    path = Text(required=False, help_text=PATH_HELP)
    dialect = Text(required=False, help_text=DIALECT_HELP)
    model = Text(required=False, help_text=MODEL_HELP)
    provider = Text(required=False, help_text=PROVIDER_HELP)
    input_price = Price(required=False, allow_null=True, help_text=INPUT_PRICE_HELP)
    output_price = Price(required=False, allow_null=True, help_text=OUTPUT_PRICE_HELP)
    credential_header = Text(required=False, help_text=CREDENTIAL_HEADER_HELP)
    credential = Text(
        required=False,
        allow_null=True,
        write_only=True,
        help_text="That header's whole value, e.g. `Bearer …`; null removes it. Never returned.",
    )
    extra_body = JsonObject(required=False, help_text=EXTRA_BODY_HELP)
    extra_headers = JsonObject(required=False, help_text=EXTRA_HEADERS_HELP)
    background = Flag(required=False, help_text=BACKGROUND_HELP)
    stream = Flag(required=False, help_text=STREAM_HELP)
    max_response_bytes = Number(required=False, help_text="Largest answer, decoded.")
    max_attempts = Number(required=False, help_text="Attempts of a run.")
    max_silent_attempts = Number(required=False, help_text=SILENT_HELP)
    max_in_flight = Number(required=False, allow_null=True, help_text=IN_FLIGHT_HELP)
    ca_pem = Text(required=False, help_text="Certificates its server is trusted by.")
    client_certificate_pem = Text(required=False, help_text="The certificate we show its server.")
    client_key_pem = Text(
        required=False, allow_null=True, write_only=True, help_text="Its private key. Never returned."
    )
    signing_secrets = serializers.ListField(
        child=Text(),
        required=False,
        write_only=True,
        help_text="`whsec_…`, at most two, the newest first; each signs. Never returned.",
    )
    active_tag = Text(required=False, max_length=100, allow_blank=False, help_text=ACTIVE_TAG_HELP)

    def get_fields(self) -> dict[str, Any]:
        """With the durations, in seconds."""
        durations = {
            f"{name}{SECONDS}": Seconds(required=False, help_text=TIMEOUT_HELP[name]) for name in DURATIONS
        }
        return super().get_fields() | durations


@extend_schema_serializer(component_name="CreateAgentRequest")
class NewAgentBody(_Settings):
    """The body of create."""

    key = Text(help_text="What clients call it by; unique in its workspace.")


@extend_schema_serializer(component_name="UpdateAgentRequest")
class AgentChangesBody(_Settings):
    """The body of update: whatever is named changes."""


class Said(dict[str, Any]):
    """What a body says: `key` and `active_tag` beside the settings."""

    @property
    def changes(self) -> AgentChanges:
        """The settings, as the verbs take them."""
        settings = {
            name.removesuffix(SECONDS): value
            for name, value in self.items()
            if name not in ("key", "active_tag")
        }
        return cast("AgentChanges", settings)


def new_agent(request: Request) -> Said:
    """The agent that the body of a create describes; InvalidRequest or a validation error."""
    return Said(read(NewAgentBody, request))


def agent_changes(request: Request) -> Said:
    """The changes that the body of an update names; InvalidRequest or a validation error."""
    return Said(read(AgentChangesBody, request))


def as_said(refusal: Refused) -> Refused:
    """The refusal, about the field as clients name it."""
    if isinstance(refusal, InvalidRequest) and refusal.param in DURATIONS:
        refusal.param = f"{refusal.param}{SECONDS}"
    return refusal
