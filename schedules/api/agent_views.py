"""The agents of a workspace: additions of this service to the public API. Writing them needs the scope admin."""

from typing import ClassVar

from django.db import transaction
from django.db.models import OuterRef, Subquery
from rest_framework.request import Request
from rest_framework.response import Response

from schedules import agents
from schedules.api import agent_bodies, queries
from schedules.api.agent_documents import AgentList, document_of
from schedules.api.api_view import ApiView
from schedules.api.authentication import key_of
from schedules.api.idempotency_key import answer_once
from schedules.api.lookups import agent_of
from schedules.api.operations import agents as operations
from schedules.database.clock import time_to_act
from schedules.database.keyset import page
from schedules.errors import KeyTooPowerful, Refused
from schedules.idempotency import RecordedAnswer
from schedules.models import Agent, AgentVersion, Scope


class Agents(ApiView):
    """The agents of the key's workspace."""

    scopes: ClassVar = {"POST": Scope.ADMIN}

    @operations.LIST_AGENTS
    def get(self, request: Request) -> Response:
        """All of them, or a page, newest first."""
        asked = queries.read_query(queries.ScheduleListQuery, request)
        key = key_of(request)
        theirs = Agent.objects.live().filter(workspace=key.workspace_id)
        if key.agent_ids is not None:
            theirs = theirs.filter(id__in=key.agent_ids)
        active = AgentVersion.objects.filter(agent=OuterRef("pk"), is_active=True)
        rows = theirs.annotate(active_tag=Subquery(active.values("tag")[:1]))
        return Response(AgentList(page(rows, theirs, asked.get("after"), asked.get("limit"))).data)

    @operations.CREATE_AGENT
    def post(self, request: Request) -> Response:
        """A new one."""
        said = agent_bodies.new_agent(request)
        if key_of(request).agent_ids is not None:
            raise KeyTooPowerful("This API key is limited to some agents and can create none")

        def create() -> RecordedAnswer:
            agent = agents.create(key_of(request).workspace, said["key"], said.changes)
            _activate(agent, said)
            return RecordedAnswer(201, document_of(agent))

        try:
            return answer_once(request, lambda: request.data, transaction.atomic(create))
        except Refused as refusal:
            raise agent_bodies.as_said(refusal) from None


class AgentItself(ApiView):
    """One agent."""

    scopes: ClassVar = {"PATCH": Scope.ADMIN, "DELETE": Scope.ADMIN}

    @operations.RETRIEVE_AGENT
    def get(self, request: Request, agent_key: str) -> Response:
        """As it is now."""
        return Response(document_of(agent_of(key_of(request), agent_key)))

    @operations.UPDATE_AGENT
    def patch(self, request: Request, agent_key: str) -> Response:
        """Changed as the body says."""
        said = agent_bodies.agent_changes(request)
        agent = agent_of(key_of(request), agent_key)
        try:
            with transaction.atomic():
                saved = agents.update(agent.id, said.changes, may_change_origin=True)
                _activate(saved.agent, said)
        except Refused as refusal:
            raise agent_bodies.as_said(refusal) from None
        return Response(document_of(saved.agent, saved.unfit_schedule_count))

    @operations.DELETE_AGENT
    def delete(self, request: Request, agent_key: str) -> Response:
        """Gone; a body is ignored."""
        agents.delete(agent_of(key_of(request), agent_key).id, time_to_act())
        return Response(status=204)


def _activate(agent: Agent, said: agent_bodies.Said) -> None:
    if "active_tag" in said:
        agents.add_version(agent, said["active_tag"], activate=True)
