"""Questions about fire times: when would it fire, and why did it, or did it not? They change nothing.

Additions of this service to the public API.
"""

from dataclasses import asdict

from rest_framework.request import Request
from rest_framework.response import Response

from schedules.api import bodies, queries
from schedules.api.api_view import ApiView
from schedules.api.authentication import key_of
from schedules.api.documents import ExplanationDocument, PreviewDocument, SchedulePreviewDocument
from schedules.api.lookups import schedule_of
from schedules.api.operations import fire_times as operations
from schedules.database.clock import database_now
from schedules.ledger.explaining import explain
from schedules.models import Scope
from schedules.previewing import preview_expression, preview_schedule


class SchedulePreview(ApiView):
    """When a schedule fires."""

    @operations.PREVIEW_SCHEDULE
    def get(self, request: Request, agent_key: str, schedule_id: str) -> Response:
        """The fire times of its current cadence."""
        schedule = schedule_of(key_of(request), agent_key, schedule_id)
        window = queries.window(queries.read_query(queries.PreviewQuery, request))
        preview = preview_schedule(schedule, window, database_now())
        return Response(SchedulePreviewDocument(asdict(preview) | {"is_active": schedule.is_active}).data)


class ExpressionPreview(ApiView):
    """When an expression that is not a schedule yet would fire."""

    scopes = {"POST": Scope.READ}

    @operations.PREVIEW_EXPRESSION
    def post(self, request: Request) -> Response:
        """The fire times of a schedule made now."""
        body = bodies.read(queries.PreviewBody, request)
        window = queries.window(body)
        preview = preview_expression(body["type"], body["expression"], window, database_now())
        return Response(PreviewDocument(preview).data)


class ScheduleExplanation(ApiView):
    """Why did, or didn't, a schedule run?"""

    @operations.EXPLAIN_SCHEDULE
    def get(self, request: Request, agent_key: str, schedule_id: str) -> Response:
        """What became of one instant."""
        schedule = schedule_of(key_of(request), agent_key, schedule_id)
        at = queries.read_query(queries.ExplainQuery, request)["at"]
        return Response(ExplanationDocument(explain(schedule, at, database_now())).data)
