"""What clients get of how everything stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from schedules.api.documents import Count, Document
from schedules.api.pause_documents import HoldDocument
from schedules.health.report import recent_report
from schedules.ledger.verdict import LedgerState, Verdict, ledger_state
from schedules.models import ApiKey, Hold
from schedules.overview import recent
from schedules.overview.held import held
from schedules.overview.incidents import OpenIncidents, open_incidents
from schedules.overview.reach import Reach
from schedules.overview.standing import AtWork, Concern, Severity, at_work, standing

MOST_GROUPS = 100


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the document says."""

    at: datetime
    concerns: list[Concern]
    processes: AtWork
    holds: list[Hold]
    incidents: OpenIncidents
    failures: recent.Failures
    missed_count: int
    ledger: LedgerState

    @property
    def is_well(self) -> bool:
        """Nothing is wrong or held, no incident waits to be seen, nothing failed or was missed."""
        clean = self.ledger.verdict in (Verdict.CLEAN, Verdict.NOT_AUDITED)
        return clean and not (
            self.concerns
            or self.holds
            or self.incidents.open_count
            or self.failures.count
            or self.missed_count
        )


def overview(key: ApiKey, now: datetime) -> Overview:
    """As far as the key may look; the service itself is the same for all."""
    reach = Reach([key.workspace_id], key.agent_ids)
    return Overview(
        at=now,
        concerns=standing(),
        processes=at_work(recent_report()),
        holds=held(reach, now),
        incidents=open_incidents(reach),
        failures=recent.failures(reach, now),
        missed_count=recent.missed_count(reach, now),
        ledger=ledger_state(now),
    )


@extend_schema_serializer(component_name="PublicConcern")
class ConcernDocument(Document):
    """Something that is wrong with the service."""

    severity = serializers.ChoiceField(
        [each.value for each in Severity], help_text="Whether work stands still, or only suffers."
    )
    code = serializers.CharField(help_text="Names it for programs, e.g. `no_worker`, `broker_unreachable`.")
    message = serializers.CharField(source="words", help_text="Says it to people, with what follows from it.")


@extend_schema_serializer(component_name="PublicProcesses")
class ProcessesDocument(Document):
    """Who is at work."""

    beats = serializers.IntegerField(source="beat_count", help_text="Beats that are alive.")
    workers = serializers.IntegerField(source="worker_count", help_text="Workers that are alive.")
    calls_in_flight = serializers.IntegerField(
        source="in_flight_count", help_text="Agent calls that they have in flight."
    )


@extend_schema_serializer(component_name="PublicFailureGroup")
class FailureGroupDocument(Document):
    """Runs of one agent that failed for one reason."""

    agent_key = serializers.CharField(help_text="The agent that they called.")
    reason = serializers.CharField(help_text="The reason that they have in common.")
    count = serializers.IntegerField(help_text="How many runs they are.")
    newest = serializers.DateTimeField(help_text="When the newest ended.")


@extend_schema_serializer(component_name="PublicFailures")
class FailuresDocument(Document):
    """What failed within 24 hours."""

    count = serializers.IntegerField(help_text="How many runs of the workspace failed.")
    is_at_least = serializers.BooleanField(help_text="Whether only the newest of more runs were counted.")
    groups = FailureGroupDocument(
        many=True, help_text=f"The {MOST_GROUPS} largest groups, the largest first."
    )

    def to_representation(self, instance: recent.Failures) -> dict[str, Any]:
        """No more groups than anybody reads."""
        document = super().to_representation(instance)
        return document | {"groups": document["groups"][:MOST_GROUPS]}


@extend_schema_serializer(component_name="PublicOpenIncidents")
class OpenIncidentsDocument(Document):
    """How much is wrong now."""

    open = serializers.IntegerField(source="open_count", help_text="Open incidents that nobody has seen.")
    acknowledged = serializers.IntegerField(
        source="acknowledged_count", help_text="Open incidents that somebody has acknowledged."
    )


@extend_schema_serializer(component_name="PublicLedgerState")
class LedgerDocument(Document):
    """Whether every instant of all schedules is accounted for."""

    verdict = serializers.ChoiceField(
        [each.value for each in Verdict], help_text="What they found, in one word."
    )
    audited_at = serializers.DateTimeField(
        source="newest.audited_at", required=False, help_text="When it was last audited."
    )


@extend_schema_serializer(component_name="PublicOverview")
class OverviewDocument(Document):
    """How everything stands."""

    at = serializers.DateTimeField(help_text="The moment it was looked at, by the database's clock.")
    is_well = serializers.BooleanField(
        help_text="Whether the service is well, nothing is held, no incident waits to be seen, and nothing of the "
        "workspace failed or was missed in 24 hours."
    )
    concerns = ConcernDocument(many=True, help_text="What is wrong with the service itself.")
    processes = ProcessesDocument(help_text="Who is at work, for all workspaces.")
    holds = HoldDocument(
        many=True, help_text="What is held: the workspace, agents of it, or everything; the widest first."
    )
    incidents = OpenIncidentsDocument(help_text="The workspace's open incidents, as far as the key reaches.")
    failures = FailuresDocument(help_text="What failed in the workspace within 24 hours.")
    missed_count = Count(help_text="Instants of the workspace that were recorded as missed within 24 hours.")
    ledger = LedgerDocument(help_text="What the audits of the ledger say.")
