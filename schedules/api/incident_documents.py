"""What clients get of incidents and of the rules that open them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from schedules.alerts import rules, ruling, wording
from schedules.alerts.reading import STATES
from schedules.api.documents import Count, Document, NextAfter, TextIfAny
from schedules.models import Incident, Subject

RULE_NAMES = tuple(rules.RULES)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Facts(serializers.JSONField):
    """Counts, ids and times, by name."""


@extend_schema_serializer(component_name="PublicIncident")
class IncidentDocument(Document):
    """Something that is, or was, wrong."""

    _id = serializers.CharField(source="id", label="id", help_text="The incident's own id, a ULID.")
    rule = serializers.ChoiceField(RULE_NAMES, help_text="What opened it.")
    state = serializers.ChoiceField(tuple(STATES), help_text="acknowledged: open, and somebody has seen it.")
    severity = serializers.SerializerMethodField(help_text="critical, warning or info.")
    summary = serializers.SerializerMethodField(help_text="What is wrong, in one sentence.")
    subject = serializers.ChoiceField(Subject.values, help_text="What it is about.")
    subject_id = serializers.CharField(help_text="The `_id` of that.")
    subject_name = TextIfAny(help_text="Its name when the incident opened.")
    agent_id = TextIfAny(help_text="The agent it concerns, if it is one.")
    code = TextIfAny(source="signature", help_text="The cause, mostly the code of a run's error.")
    count = Count(help_text="How often it was seen.")
    facts = Facts(help_text="What is known of it; which facts there are depends on the rule.")
    opened = serializers.DateTimeField(source="opened_at", help_text="When it opened.")
    last_seen = serializers.DateTimeField(source="seen_at", help_text="When it was last seen.")
    closed = serializers.DateTimeField(
        source="closed_at", required=False, help_text="When it was over; absent while it is open."
    )
    absorbed_by = TextIfAny(help_text="The wider incident it became a part of.")
    acknowledged = serializers.DateTimeField(
        source="acknowledged_at", required=False, help_text="When somebody acknowledged it."
    )
    acknowledged_by_id = TextIfAny(help_text="Who did: an API key (`apk_…`) or a console user.")
    note = TextIfAny(help_text="What they wrote.")

    def get_severity(self, incident: Incident) -> str:
        """Of its rule."""
        return rules.rule_of(incident.rule).severity

    def get_summary(self, incident: Incident) -> str:
        """As the messages say it."""
        return wording.sentence(incident)


@extend_schema_serializer(component_name="PublicIncidents")
class IncidentPage(Document):
    """Incidents, newest first."""

    incidents = IncidentDocument(many=True, source="rows", help_text="Newest first.")
    next_after = NextAfter()


@extend_schema_serializer(component_name="PublicAlertRule")
class AlertRuleDocument(Document):
    """A rule as it holds in the workspace, for an agent or for a schedule."""

    rule = serializers.ChoiceField(RULE_NAMES, source="name", help_text="The rule's name.")
    scope = serializers.ChoiceField(ruling.LEVELS, help_text="Whose rule it is.")
    agent_key = TextIfAny(help_text="The key of the agent whose rule it is.")
    schedule_id = TextIfAny(help_text="The `_id` of the schedule whose rule it is.")
    opens = serializers.CharField(source="rule.opens", help_text="What it is about, in a sentence.")
    severity = serializers.CharField(source="rule.severity", help_text="critical, warning or info.")
    is_enabled = serializers.BooleanField(help_text="Whether it opens incidents, or acts.")
    is_default = serializers.BooleanField(help_text="Whether nobody has changed it.")
    threshold = serializers.IntegerField(required=False, help_text="From how many, or from how long on.")
    counts = TextIfAny(source="rule.counts", help_text="What the threshold counts.")
    window_seconds = serializers.IntegerField(required=False, help_text="In what time so many are counted.")


@extend_schema_serializer(component_name="PublicAlertRules")
class AlertRuleList(serializers.Serializer[Any]):
    """What holds in the workspace, then what agents and schedules have of their own."""

    rules = AlertRuleDocument(many=True, help_text="Those of the workspace first.")
