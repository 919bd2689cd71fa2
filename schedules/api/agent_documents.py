"""What clients get of an agent: its settings, and of what is secret no more than that it is there."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from schedules import holds
from schedules.agents.secret_settings import masked_headers
from schedules.api import agent_bodies as said
from schedules.api.documents import Document, NextAfter, Seconds
from schedules.api.pause_documents import PauseOfHolds
from schedules.models import Agent


@extend_schema_field({"type": "object", "additionalProperties": {}})
class MaskedHeaders(serializers.Field[Any, Any, Any, Any]):
    """Stored headers with their secrets masked."""

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        """See schedules.agents."""
        return masked_headers(value)


class IsStored(serializers.BooleanField):
    """Whether there is something."""

    def to_representation(self, value: Any) -> bool:
        """Not what it is."""
        return bool(value)


class HowMany(serializers.IntegerField):
    """How many there are."""

    def to_representation(self, value: Any) -> int:
        """Not what they are."""
        return len(value)


@extend_schema_serializer(component_name="PublicAgent")
class AgentDocument(Document):
    """An agent, as every operation returns it."""

    _id = serializers.CharField(source="id", label="id", help_text="The agent's own id, a ULID.")
    workspace_id = serializers.UUIDField(help_text="Its workspace.")
    key = serializers.CharField(help_text="What clients call it by.")
    runtime = serializers.CharField(help_text=said.RUNTIME_HELP)
    base_url = serializers.CharField(help_text=said.BASE_URL_HELP)
    path = serializers.CharField(help_text=said.PATH_HELP)
    dialect = serializers.CharField(help_text=said.DIALECT_HELP)
    model = serializers.CharField(help_text=said.MODEL_HELP)
    provider = serializers.CharField(help_text=said.PROVIDER_HELP)
    input_price = serializers.FloatField(required=False, help_text=said.INPUT_PRICE_HELP)
    output_price = serializers.FloatField(required=False, help_text=said.OUTPUT_PRICE_HELP)
    credential_header = serializers.CharField(help_text=said.CREDENTIAL_HEADER_HELP)
    has_credential = IsStored(source="sealed_credential", help_text="Whether one is stored.")
    extra_body = serializers.JSONField(help_text=said.EXTRA_BODY_HELP)
    extra_headers = MaskedHeaders(help_text=said.EXTRA_HEADERS_HELP)
    background = serializers.BooleanField(help_text=said.BACKGROUND_HELP)
    stream = serializers.BooleanField(help_text=said.STREAM_HELP)
    max_response_bytes = serializers.IntegerField(help_text="Largest answer, decoded.")
    max_attempts = serializers.IntegerField(help_text="Attempts of a run.")
    max_silent_attempts = serializers.IntegerField(help_text=said.SILENT_HELP)
    max_in_flight = serializers.IntegerField(
        required=False,
        help_text="Calls at one time, 0: no limit; absent: half of the threads of all workers.",
    )
    ca_pem = serializers.CharField(help_text="Certificates its server is trusted by.")
    client_certificate_pem = serializers.CharField(help_text="The certificate we show its server.")
    has_client_key = IsStored(source="sealed_client_key", help_text="Whether its private key is stored.")
    signing_secret_count = HowMany(source="sealed_signing_secrets", help_text="How many sign its requests.")
    active_tag = serializers.CharField(required=False, help_text=said.ACTIVE_TAG_HELP)
    pause = PauseOfHolds()
    created = serializers.DateTimeField(source="created_at", help_text="When it was made.")
    updated = serializers.DateTimeField(source="updated_at", help_text="When it was last edited.")
    unfit_schedule_count = serializers.IntegerField(
        required=False,
        help_text="Only after an update of runtime, path or dialect: how many of its schedules can't be sent this "
        "way. Their runs fail as `invalid_endpoint`.",
    )

    def get_fields(self) -> dict[str, Any]:
        """With the durations, in seconds."""
        durations = {
            f"{name}{said.SECONDS}": Seconds(source=name, help_text=help_text)
            for name, help_text in said.TIMEOUT_HELP.items()
        }
        return super().get_fields() | durations


@extend_schema_serializer(component_name="PublicAgentList")
class AgentList(Document):
    """Agents of a workspace, newest first."""

    agents = AgentDocument(many=True, source="rows", help_text="The newest first.")
    next_after = NextAfter()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The holds are read once for all of them."""
        _remember_holds(instance.rows)
        return super().to_representation(instance)


def document_of(agent: Agent, unfit_schedule_count: int = 0) -> dict[str, Any]:
    """The document of one agent."""
    agent.active_tag = agent.versions.filter(is_active=True).values_list("tag", flat=True).first()  # type: ignore[attr-defined]  # read by the document
    _remember_holds([agent])
    document: dict[str, Any] = AgentDocument(agent).data
    return document | ({"unfit_schedule_count": unfit_schedule_count} if unfit_schedule_count else {})


def _remember_holds(agents: list[Agent]) -> None:
    held = holds.of_agents(agents)
    for agent in agents:
        agent.held_by = held.get(agent.id)  # type: ignore[attr-defined]  # read by the document
