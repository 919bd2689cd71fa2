"""What clients get of their workspace."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from schedules import holds
from schedules.api.documents import Document
from schedules.api.pause_documents import PauseOfHolds
from schedules.models import Workspace


@extend_schema_serializer(component_name="PublicWorkspace")
class WorkspaceDocument(Document):
    """The workspace of an API key."""

    _id = serializers.UUIDField(source="id", label="id", help_text="The `workspace_id` of all that is in it.")
    name = serializers.CharField(help_text="What people call it.")
    pause = PauseOfHolds()


def document_of(workspace: Workspace) -> dict[str, Any]:
    """The document of a workspace."""
    workspace.held_by = holds.of_workspace(workspace.pk)  # type: ignore[attr-defined]  # read by the document
    document: dict[str, Any] = WorkspaceDocument(workspace).data
    return document
