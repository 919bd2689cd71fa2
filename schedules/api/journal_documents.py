"""What clients get of the journal."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from schedules import journal
from schedules.actors import ActorKind
from schedules.api.documents import Count, Document, NextAfter, TextIfAny
from schedules.models import JournalEntry


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Changes(serializers.JSONField):
    """By field what it was and what it is."""


@extend_schema_serializer(component_name="PublicJournalLine")
class JournalLineDocument(Document):
    """One act on one object: who did what, when, and from where."""

    _id = serializers.CharField(
        source="id",
        label="id",
        help_text="The line's own id, a ULID. Of a run now or run again: the new run's.",
    )
    at = serializers.DateTimeField(help_text="When it was done, by the database's clock.")
    actor_kind = serializers.ChoiceField(
        [kind.value for kind in ActorKind],
        help_text="Who did it: an API key, a user of the console, a command, the service by itself, or nobody known.",
    )
    actor_id = TextIfAny(help_text="Of the key or the user.")
    actor_name = TextIfAny(help_text="Its name at that time.")
    address = TextIfAny(help_text="Where it came from.")
    workspace_id = serializers.UUIDField(required=False, help_text="The workspace it was done in.")
    agent_id = TextIfAny(help_text="The agent it is about, or whose schedule or run it is about.")
    verb = serializers.CharField(help_text="What was done, e.g. `create`, `update`, `run_now`, `cancel`.")
    object_type = serializers.CharField(
        help_text="What it was done to, e.g. `schedule`, `run`, `agent`, `apikey`."
    )
    object_id = TextIfAny(help_text="The object's `_id`.")
    object_name = TextIfAny(help_text="Its name at that time.")
    changes = Changes(
        help_text='By field: `{"old": …, "new": …}`, or `"changed"` for a secret. Of a value over 1 kB there is '
        "`length` and `sha256`."
    )
    generation = Count(required=False, help_text="Of the schedule, if this act began it.")
    revision = Count(required=False, help_text="Of the schedule, which this act made.")
    discarded_count = Count(required=False, help_text="Pending runs that will not start because of this act.")
    batch_id = TextIfAny(help_text="What was done at one go shares it.")

    def to_representation(self, instance: JournalEntry) -> dict[str, Any]:
        """As the export writes it too."""
        return journal.as_document(instance)


@extend_schema_serializer(component_name="PublicJournal")
class JournalPage(Document):
    """Lines of the journal, newest first."""

    lines = JournalLineDocument(many=True, source="rows", help_text="Newest first.")
    next_after = NextAfter()
