"""How incidents and their rules are described in /openapi.json."""

from typing import Final

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from schedules.api.examples import ALERT_RULE, INCIDENT
from schedules.api.incident_bodies import AcknowledgementBody, AlertRuleBody
from schedules.api.incident_documents import AlertRuleDocument, AlertRuleList, IncidentDocument, IncidentPage
from schedules.api.operations.describing import answer, errors, operation, path_parameter
from schedules.api.queries import AlertRuleQuery, IncidentQuery

_OF_INCIDENT: Final = [path_parameter("incident_id", "The incident's `_id`.")]
_OF_RULE: Final = [path_parameter("rule", "The rule's name, e.g. `agent.outage`.")]
_WHOSE: Final = ("agent_not_found", "schedule_not_found", "alert_rule_not_found")

LIST_INCIDENTS: Final = operation(
    "list-incidents",
    "List incidents",
    "Lists a page of the workspace's incidents, newest first: what is wrong, since when, how often it was seen, and "
    "what is over. A key that is limited to some agents sees what is about these.",
    parameters=[IncidentQuery],
    responses={
        200: answer(IncidentPage, "Incidents listed.", {"incidents": [INCIDENT]}),
        **errors("invalid_request_body", "agent_not_found"),
    },
)
RETRIEVE_INCIDENT: Final = operation(
    "retrieve-incident",
    "Retrieve incident",
    "One incident, as it is now.",
    parameters=_OF_INCIDENT,
    responses={
        200: answer(IncidentDocument, "Incident retrieved.", INCIDENT),
        **errors("incident_not_found"),
    },
)
ACKNOWLEDGE_INCIDENT: Final = operation(
    "acknowledge-incident",
    "Acknowledge incident",
    "Says that somebody has seen it: there is no reminder any more. Another cause is told all the same, and so is "
    "its end. Acknowledged already: the note is replaced. It needs a key of the scope trigger.",
    parameters=_OF_INCIDENT,
    request=AcknowledgementBody,
    examples=[OpenApiExample("Seen", {"note": "The provider is down"}, request_only=True)],
    responses={
        200: answer(IncidentDocument, "Incident acknowledged.", INCIDENT | {"state": "acknowledged"}),
        **errors(
            *("incident_not_found", "incident_closed", "insufficient_scope", "invalid_request_body"),
            *("payload_too_large", "unsupported_media_type"),
        ),
    },
)
LIST_RULES: Final = operation(
    "list-alert-rules",
    "List alert rules",
    "Lists what opens an incident in the workspace, then what agents and schedules have of their own.",
    responses={200: answer(AlertRuleList, "Rules listed.", {"rules": [ALERT_RULE]}), **errors()},
)
CHANGE_RULE: Final = operation(
    "change-alert-rule",
    "Change alert rule",
    "Changes a rule for the workspace, or for one agent or schedule. What is not named stays; null brings a number "
    "back to its default. It needs a key of the scope admin.",
    parameters=_OF_RULE,
    request=AlertRuleBody,
    examples=[OpenApiExample("Sooner", {"threshold": 3}, request_only=True)],
    responses={
        200: answer(AlertRuleDocument, "Rule changed.", ALERT_RULE),
        **errors(
            *_WHOSE,
            *("insufficient_scope", "invalid_request_body", "payload_too_large", "unsupported_media_type"),
        ),
    },
)
RESET_RULE: Final = operation(
    "reset-alert-rule",
    "Reset alert rule",
    "The default holds again; of an agent or a schedule: what the workspace says. It needs a key of the scope admin.",
    parameters=[*_OF_RULE, AlertRuleQuery],
    responses={
        204: OpenApiResponse(description="The default holds again."),
        **errors(*_WHOSE, "insufficient_scope", "invalid_request_body"),
    },
)
