"""What clients get of an API key; of its secret nothing, but once."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from schedules.api.documents import Document, NextAfter, TextIfAny
from schedules.models import Agent, ApiKey, Scope


@extend_schema_serializer(component_name="PublicApiKey")
class KeyDocument(Document):
    """An API key, without its secret: what it may do, and when and from where it was last used."""

    _id = serializers.CharField(source="id", label="id", help_text="The key's own id, a ULID.")
    workspace_id = serializers.UUIDField(help_text="Its workspace.")
    name = serializers.CharField(help_text="For people; may be empty.")
    scope = serializers.ChoiceField(Scope.values, help_text="What it may do.")
    agent_keys = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="The agents it is limited to, as far as they exist; absent: every agent.",
    )
    is_working = serializers.BooleanField(help_text="Neither disabled nor revoked. It may have expired.")
    expires_at = serializers.DateTimeField(required=False, help_text="When it stops working; absent: never.")
    revoked_at = serializers.DateTimeField(required=False, help_text="When it was revoked.")
    replaces_id = TextIfAny(help_text="The key it is the successor of.")
    last_used_at = serializers.DateTimeField(required=False, help_text="Its last use, to the minute.")
    last_used_address = TextIfAny(help_text="Where that came from.")
    created = serializers.DateTimeField(source="created_at", help_text="When it was issued.")
    created_by_id = TextIfAny(help_text="Who issued it; absent: not on record.")


@extend_schema_serializer(component_name="IssuedApiKey")
class IssuedKeyDocument(KeyDocument):
    """A new key with its token."""

    token = serializers.CharField(help_text="What clients send. It is shown this once.")


@extend_schema_serializer(component_name="PublicApiKeyList")
class KeyList(Document):
    """API keys of a workspace, newest first."""

    keys = KeyDocument(many=True, source="rows", help_text="The newest first.")
    next_after = NextAfter()


def with_agent_keys(keys: Iterable[ApiKey]) -> None:
    """Give each key its agents' keys, in one query: `agent_keys`, None for a key that reaches all."""
    keys = list(keys)
    ids = {agent_id for key in keys for agent_id in key.agent_ids or ()}
    names = dict(Agent.objects.live().filter(id__in=ids).values_list("id", "key")) if ids else {}
    for key in keys:
        theirs = None if key.agent_ids is None else sorted(names[i] for i in key.agent_ids if i in names)
        key.agent_keys = theirs  # type: ignore[attr-defined]  # read by the document


def document_of(key: ApiKey, token: str | None = None) -> dict[str, Any]:
    """The document of one key, with its token if that is to be shown."""
    with_agent_keys([key])
    if token is None:
        return dict(KeyDocument(key).data)
    key.token = token  # type: ignore[attr-defined]  # read by the document
    return dict(IssuedKeyDocument(key).data)
