"""The API's paths. None ends in a slash, none redirects."""

from django.urls import path

from schedules.api.agent_views import AgentItself, Agents
from schedules.api.delivery_views import Deliveries, DeliveriesReplay, DeliveryItself, DeliveryReplay
from schedules.api.description import Description, documentation, error_codes
from schedules.api.error_codes import DOCUMENTED_AT
from schedules.api.fire_time_views import ExpressionPreview, ScheduleExplanation, SchedulePreview
from schedules.api.incident_views import (
    AlertRuleItself,
    AlertRules,
    IncidentAcknowledgement,
    IncidentItself,
    Incidents,
)
from schedules.api.journal_views import Journal
from schedules.api.key_views import KeyItself, KeyRotation, Keys
from schedules.api.pause_views import (
    AgentPause,
    AgentResumption,
    SchedulePause,
    ScheduleResumption,
    WorkspaceItself,
    WorkspacePause,
    WorkspaceResumption,
)
from schedules.api.run_views import RunCancellation, RunRetry, ScheduleRun, ScheduleRuns
from schedules.api.schedule_views import AgentSchedule, AgentSchedules, ScheduleExecution
from schedules.api.statistics_views import AgentStatistics
from schedules.api.webhook_views import WebhookItself, Webhooks, WebhookSecret, WebhookTest
from schedules.api.workspace_views import AllRuns, AllSchedules, OverviewNow

_AGENTS = "v3/agents"
_KEYS = "v3/keys"
_INCIDENTS = "v3/incidents"
_RULES = "v3/alert-rules"
_WORKSPACE = "v3/workspace"
_WEBHOOKS = "v3/webhooks"
_WEBHOOK = f"{_WEBHOOKS}/<str:webhook_id>"
_DELIVERIES = "v3/deliveries"
_DELIVERY = f"{_DELIVERIES}/<str:delivery_id>"
_AGENT = f"{_AGENTS}/<str:agent_key>"
_SCHEDULES = f"{_AGENT}/schedules"
_SCHEDULE = f"{_SCHEDULES}/<str:schedule_id>"
_RUN = f"{_SCHEDULE}/runs/<str:run_id>"

urlpatterns = [
    path(_AGENTS, Agents.as_view()),
    path(_AGENT, AgentItself.as_view()),
    path(f"{_AGENT}/pause", AgentPause.as_view()),
    path(f"{_AGENT}/resume", AgentResumption.as_view()),
    path(f"{_AGENT}/stats", AgentStatistics.as_view()),
    path(_SCHEDULES, AgentSchedules.as_view()),
    path(_SCHEDULE, AgentSchedule.as_view()),
    path(f"{_SCHEDULE}/execution", ScheduleExecution.as_view()),
    path(f"{_SCHEDULE}/pause", SchedulePause.as_view()),
    path(f"{_SCHEDULE}/resume", ScheduleResumption.as_view()),
    path(f"{_SCHEDULE}/runs", ScheduleRuns.as_view()),
    path(_RUN, ScheduleRun.as_view()),
    path(f"{_RUN}/cancel", RunCancellation.as_view()),
    path(f"{_RUN}/retry", RunRetry.as_view()),
    path(f"{_SCHEDULE}/preview", SchedulePreview.as_view()),
    path(f"{_SCHEDULE}/explain", ScheduleExplanation.as_view()),
    path(_KEYS, Keys.as_view()),
    path(f"{_KEYS}/<str:key_id>", KeyItself.as_view()),
    path(f"{_KEYS}/<str:key_id>/rotation", KeyRotation.as_view()),
    path(_WORKSPACE, WorkspaceItself.as_view()),
    path(f"{_WORKSPACE}/pause", WorkspacePause.as_view()),
    path(f"{_WORKSPACE}/resume", WorkspaceResumption.as_view()),
    path(_INCIDENTS, Incidents.as_view()),
    path(f"{_INCIDENTS}/<str:incident_id>", IncidentItself.as_view()),
    path(f"{_INCIDENTS}/<str:incident_id>/acknowledge", IncidentAcknowledgement.as_view()),
    path(_RULES, AlertRules.as_view()),
    path(f"{_RULES}/<str:rule>", AlertRuleItself.as_view()),
    path(_WEBHOOKS, Webhooks.as_view()),
    path(_WEBHOOK, WebhookItself.as_view()),
    path(f"{_WEBHOOK}/test", WebhookTest.as_view()),
    path(f"{_WEBHOOK}/rotate-secret", WebhookSecret.as_view()),
    path(_DELIVERIES, Deliveries.as_view()),
    path(f"{_DELIVERIES}/replay", DeliveriesReplay.as_view()),
    path(_DELIVERY, DeliveryItself.as_view()),
    path(f"{_DELIVERY}/replay", DeliveryReplay.as_view()),
    path("v3/journal", Journal.as_view()),
    path("v3/overview", OverviewNow.as_view()),
    path("v3/schedules", AllSchedules.as_view()),
    path("v3/runs", AllRuns.as_view()),
    path("v3/schedules/preview", ExpressionPreview.as_view()),
    path("openapi.json", Description.as_view(), name="openapi"),
    path("docs", documentation, name="docs"),
    path(DOCUMENTED_AT.removeprefix("/"), error_codes, name="error-codes"),
]
