"""Incidents, and the rules that open them: additions of this service to the public API."""

from typing import Any, ClassVar

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from schedules.alerts import reading, ruling
from schedules.alerts.acknowledging import acknowledge
from schedules.alerts.ruling import Level
from schedules.api import incident_bodies, queries
from schedules.api.api_view import ApiView
from schedules.api.authentication import key_of
from schedules.api.incident_documents import AlertRuleDocument, AlertRuleList, IncidentDocument, IncidentPage
from schedules.api.lookups import agent_of, schedule_of
from schedules.api.operations import incidents as operations
from schedules.database.clock import database_now
from schedules.database.keyset import page
from schedules.errors import InvalidRequest, KeyTooPowerful
from schedules.models import ApiKey, Scope


class Incidents(ApiView):
    """The incidents that the key may see."""

    @operations.LIST_INCIDENTS
    def get(self, request: Request) -> Response:
        """A page of them, newest first."""
        key, asked = key_of(request), queries.read_query(queries.IncidentQuery, request)
        theirs = reading.visible_to(key)
        found = theirs.filter(_conditions(key, asked))
        return Response(IncidentPage(page(found, theirs, asked.get("after"), asked["limit"])).data)


class IncidentItself(ApiView):
    """One incident."""

    @operations.RETRIEVE_INCIDENT
    def get(self, request: Request, incident_id: str) -> Response:
        """As it is now."""
        return Response(IncidentDocument(reading.visible_one(key_of(request), incident_id)).data)


class IncidentAcknowledgement(ApiView):
    """Somebody has seen it."""

    scopes: ClassVar = {"POST": Scope.TRIGGER}

    @operations.ACKNOWLEDGE_INCIDENT
    def post(self, request: Request, incident_id: str) -> Response:
        """Acknowledged, with a note."""
        key = key_of(request)
        note = incident_bodies.acknowledgement(request)
        incident = reading.visible_one(key, incident_id)
        seen = acknowledge(key.workspace_id, incident.id, key.actor, database_now(), note)
        return Response(IncidentDocument(seen).data)


class AlertRules(ApiView):
    """The rules of the key's workspace."""

    @operations.LIST_RULES
    def get(self, request: Request) -> Response:
        """What holds in the workspace, and what agents and schedules that the key reaches have of their own."""
        key = key_of(request)
        found = [each for each in ruling.rulings(key.workspace_id) if _is_reached(key, each)]
        return Response(AlertRuleList({"rules": found}).data)


class AlertRuleItself(ApiView):
    """One rule, for the workspace, an agent or a schedule."""

    scopes: ClassVar = {"PATCH": Scope.ADMIN, "DELETE": Scope.ADMIN}

    @operations.CHANGE_RULE
    def patch(self, request: Request, rule: str) -> Response:
        """Changed from now on."""
        said = incident_bodies.alert_rule(request)
        level = _level(key_of(request), said.pop("agent_key", None), said.pop("schedule_id", None))
        return Response(AlertRuleDocument(ruling.change(level, rule, said)).data)

    @operations.RESET_RULE
    def delete(self, request: Request, rule: str) -> Response:
        """As by default, or as the workspace has it."""
        asked = queries.read_query(queries.AlertRuleQuery, request)
        ruling.reset(_level(key_of(request), asked.get("agent"), asked.get("schedule")), rule)
        return Response(status=204)


def _conditions(key: ApiKey, asked: dict[str, Any]) -> Q:
    found = reading.STATES[asked["state"]] if "state" in asked else Q()
    found &= Q(**{name: asked[name] for name in ("rule", "subject_id") if name in asked})
    if "agent" in asked:
        found &= Q(agent_id=agent_of(key, asked["agent"]).id)
    moments = {"from": "opened_at__gte", "to": "opened_at__lt"}
    return found & Q(**{lookup: asked[name] for name, lookup in moments.items() if name in asked})


def _level(key: ApiKey, agent_key: str | None, schedule_id: str | None) -> Level:
    if schedule_id is not None and agent_key is None:
        raise InvalidRequest("Name the agent of the schedule too", param="agent_key")
    if schedule_id is not None and agent_key is not None:
        return Level(key.workspace, schedule=schedule_of(key, agent_key, schedule_id))
    if agent_key is not None:
        return Level(key.workspace, agent_of(key, agent_key))
    if key.agent_ids is not None:
        raise KeyTooPowerful("This API key is limited to some agents; name one of them")
    return Level(key.workspace)


def _is_reached(key: ApiKey, each: ruling.Ruling) -> bool:
    row = each.row
    if row is None or key.agent_ids is None:
        return True
    agent_id = row.schedule.agent_id if row.schedule is not None else row.agent_id
    return agent_id is None or key.reaches(agent_id)
