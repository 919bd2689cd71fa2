"""The six operations on an agent's schedules. Each translates, calls a verb and shows what came of it."""

from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from schedules import editing
from schedules.api import bodies, queries
from schedules.api.api_view import ApiView
from schedules.api.authentication import key_of
from schedules.api.documents import SavedScheduleDocument, ScheduleList
from schedules.api.etags import etag_of, expected_revisions, schedule_response
from schedules.api.idempotency_key import answer_once
from schedules.api.lookups import agent_of, require_reach, schedule_of
from schedules.api.operations import schedules as operations
from schedules.api.parsing import empty_body, refuse_body
from schedules.api.rate_limits import TriggerLimit
from schedules.api.whole_list import whole_list
from schedules.database.clock import time_to_act
from schedules.database.keyset import page
from schedules.idempotency import RecordedAnswer
from schedules.limits import quotas
from schedules.models import Scope, valid_traceparent
from schedules.triggering import run_now


class AgentSchedules(ApiView):
    """The schedules of an agent."""

    @operations.LIST
    def get(self, request: Request, agent_key: str) -> HttpResponseBase:
        """All of them, or a page, newest first."""
        agent = agent_of(key_of(request), agent_key)
        query = queries.read_query(queries.ScheduleListQuery, request)
        after, limit = query.get("after"), query.get("limit")
        if limit is None:
            return whole_list(agent, after, has_body=request.method != "HEAD")
        live = agent.schedules.live().select_related("next_fire")
        return Response(ScheduleList(page(live, agent.schedules.all(), after, limit)).data)

    @operations.CREATE
    def post(self, request: Request, agent_key: str) -> Response:
        """A new one."""
        key = key_of(request)
        new = bodies.new_schedule(request)

        def create() -> RecordedAnswer:
            schedule = editing.create(agent_of(key, agent_key), new, key.actor, time_to_act())
            return RecordedAnswer(201, SavedScheduleDocument(schedule).data, {"ETag": etag_of(schedule)})

        require_reach(key, agent_key)
        return answer_once(request, lambda: request.data, create)


class AgentSchedule(ApiView):
    """One schedule of an agent."""

    @operations.RETRIEVE
    def get(self, request: Request, agent_key: str, schedule_id: str) -> Response:
        """As it is now."""
        return schedule_response(schedule_of(key_of(request), agent_key, schedule_id))

    @operations.UPDATE
    def patch(self, request: Request, agent_key: str, schedule_id: str) -> Response:
        """Changed as the body says."""
        key = key_of(request)
        changes = bodies.schedule_changes(request)
        expected = expected_revisions(request, schedule_id)
        schedule = schedule_of(key, agent_key, schedule_id)
        schedule = editing.update(schedule.id, changes, key.actor, time_to_act(), expected)
        return schedule_response(schedule, SavedScheduleDocument)

    @operations.DELETE
    def delete(self, request: Request, agent_key: str, schedule_id: str) -> Response:
        """Gone; a body is ignored."""
        key = key_of(request)
        expected = expected_revisions(request, schedule_id)
        schedule = schedule_of(key, agent_key, schedule_id)
        editing.delete(schedule.id, key.actor, time_to_act(), expected)
        return Response(status=204)


class ScheduleExecution(ApiView):
    """Running a schedule now."""

    throttle_classes = [TriggerLimit]
    scopes = {"POST": Scope.TRIGGER}

    @operations.TRIGGER
    def post(self, request: Request, agent_key: str, schedule_id: str) -> Response:
        """A run, 10 s from now; there is no body, and what is wrong with one is said after a 404."""

        key = key_of(request)
        if key.agent_ids is not None:  # it must not get the answer of another key's request
            schedule_of(key, agent_key, schedule_id)

        def trigger() -> RecordedAnswer:
            schedule = schedule_of(key, agent_key, schedule_id)
            refuse_body(request)
            traceparent = valid_traceparent(request.headers.get("traceparent"))
            owners = quotas.Owners(schedule.workspace_id, schedule.agent_id)
            run_now.trigger(schedule.id, traceparent=traceparent, owners=owners)
            return RecordedAnswer(202, {"status": "triggered", "schedule_id": schedule.id})

        def find() -> object:
            return schedule_of(key, agent_key, schedule_id)

        return answer_once(request, lambda: empty_body(request, find), trigger)
