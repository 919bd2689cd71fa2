"""Pausing and resuming a schedule, an agent, a workspace: additions of this service to the public API.

Of an agent and of a workspace a pause is a hold: their schedules stay as they are.
"""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from schedules import editing, holds
from schedules.api import agent_documents, pause_bodies, workspace_documents
from schedules.api.api_view import ApiView
from schedules.api.authentication import key_of, unlimited_key_of
from schedules.api.etags import schedule_response
from schedules.api.lookups import agent_of, schedule_of
from schedules.api.operations import pauses as operations
from schedules.api.parsing import refuse_body
from schedules.database.clock import time_to_act
from schedules.holds import Reach
from schedules.models import Scope, Workspace


class SchedulePause(ApiView):
    """Pausing a schedule."""

    scopes: ClassVar = {"POST": Scope.TRIGGER}

    @operations.PAUSE_SCHEDULE
    def post(self, request: Request, agent_key: str, schedule_id: str) -> Response:
        """Paused, with a note and an end."""
        key = key_of(request)
        said = pause_bodies.pause(request)
        schedule = schedule_of(key, agent_key, schedule_id)
        paused = editing.pause(schedule.id, key.actor, time_to_act(), **said)
        return schedule_response(paused)


class ScheduleResumption(ApiView):
    """Resuming a schedule."""

    scopes: ClassVar = {"POST": Scope.TRIGGER}

    @operations.RESUME_SCHEDULE
    def post(self, request: Request, agent_key: str, schedule_id: str) -> Response:
        """Resumed, if it was paused; what holds it stays."""
        key = key_of(request)
        schedule = schedule_of(key, agent_key, schedule_id)
        refuse_body(request)
        return schedule_response(editing.resume(schedule.id, key.actor, time_to_act()))


class AgentPause(ApiView):
    """Holding an agent."""

    scopes: ClassVar = {"POST": Scope.TRIGGER}

    @operations.PAUSE_AGENT
    def post(self, request: Request, agent_key: str) -> Response:
        """Held, with a note and an end."""
        said = pause_bodies.pause(request)
        key = key_of(request)
        agent = agent_of(key, agent_key)
        holds.hold(Reach.of_agent(agent), key.actor, **said)
        return Response(agent_documents.document_of(agent))


class AgentResumption(ApiView):
    """Lifting the hold of an agent."""

    scopes: ClassVar = {"POST": Scope.TRIGGER}

    @operations.RESUME_AGENT
    def post(self, request: Request, agent_key: str) -> Response:
        """Not held any more, unless its workspace is."""
        agent = agent_of(key_of(request), agent_key)
        refuse_body(request)
        holds.release(Reach.of_agent(agent))
        return Response(agent_documents.document_of(agent))


class WorkspaceItself(ApiView):
    """The key's workspace."""

    @operations.RETRIEVE_WORKSPACE
    def get(self, request: Request) -> Response:
        """As it is now."""
        return _answer(key_of(request).workspace)


class WorkspacePause(ApiView):
    """Holding the key's workspace."""

    scopes: ClassVar = {"POST": Scope.ADMIN}

    @operations.PAUSE_WORKSPACE
    def post(self, request: Request) -> Response:
        """Held, with a note and an end."""
        key = unlimited_key_of(request)
        said = pause_bodies.pause(request)
        holds.hold(Reach(key.workspace), key.actor, **said)
        return _answer(key.workspace)


class WorkspaceResumption(ApiView):
    """Lifting the hold of the key's workspace."""

    scopes: ClassVar = {"POST": Scope.ADMIN}

    @operations.RESUME_WORKSPACE
    def post(self, request: Request) -> Response:
        """Not held any more, unless everything is."""
        key = unlimited_key_of(request)
        refuse_body(request)
        holds.release(Reach(key.workspace))
        return _answer(key.workspace)


def _answer(workspace: Workspace) -> Response:
    document: dict[str, Any] = workspace_documents.document_of(workspace)
    return Response(document)
