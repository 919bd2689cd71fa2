"""The runs of a schedule: their history, and cancelling one. Additions of this service to the public API."""

from rest_framework.request import Request
from rest_framework.response import Response

from schedules.api import queries
from schedules.api.api_view import ApiView
from schedules.api.authentication import key_of
from schedules.api.documents import RunDocument, RunList
from schedules.api.idempotency_key import answer_once
from schedules.api.lookups import run_of, schedule_of
from schedules.api.operations import runs as operations
from schedules.api.parsing import empty_body, refuse_body
from schedules.api.rate_limits import TriggerLimit
from schedules.database.clock import time_to_act
from schedules.database.keyset import page
from schedules.errors import RunNotCancellable
from schedules.idempotency import RecordedAnswer
from schedules.models import Run, Scope
from schedules.runs import transitions
from schedules.triggering import run_now


class ScheduleRuns(ApiView):
    """The runs of a schedule."""

    @operations.LIST_RUNS
    def get(self, request: Request, agent_key: str, schedule_id: str) -> Response:
        """A page of them, newest first."""
        schedule = schedule_of(key_of(request), agent_key, schedule_id)
        query = queries.read_query(queries.RunListQuery, request)
        runs = schedule.runs.filter(**queries.run_filter(query)).defer("payload", "output")
        runs = runs.prefetch_related("attempts").with_retries()
        runs_page = page(runs, schedule.runs.all(), query.get("after"), query["limit"])
        return Response(RunList(runs_page).data)


class ScheduleRun(ApiView):
    """One run of a schedule."""

    @operations.RETRIEVE_RUN
    def get(self, request: Request, agent_key: str, schedule_id: str, run_id: str) -> Response:
        """As it is now."""
        schedule = schedule_of(key_of(request), agent_key, schedule_id)
        return Response(RunDocument(run_of(schedule, run_id)).data)


class RunCancellation(ApiView):
    """Cancelling a run."""

    scopes = {"POST": Scope.TRIGGER}

    @operations.CANCEL_RUN
    def post(self, request: Request, agent_key: str, schedule_id: str, run_id: str) -> Response:
        """Cancelled; a body is ignored."""
        schedule = schedule_of(key_of(request), agent_key, schedule_id)
        run = run_of(schedule, run_id)
        if not transitions.cancel(run.id, time_to_act()):
            raise RunNotCancellable
        return Response(RunDocument(run_of(schedule, run_id)).data)


class RunRetry(ApiView):
    """Running an ended run's work again."""

    throttle_classes = [TriggerLimit]
    scopes = {"POST": Scope.TRIGGER}

    @operations.RETRY_RUN
    def post(self, request: Request, agent_key: str, schedule_id: str, run_id: str) -> Response:
        """The new run, 10 s from now; there is no body, and what is wrong with one is said after a 404."""
        key = key_of(request)

        def ended() -> Run:
            return run_of(schedule_of(key, agent_key, schedule_id), run_id)

        def retry() -> RecordedAnswer:
            run = ended()
            refuse_body(request)
            new = run_now.run_again(run.id, time_to_act())
            return RecordedAnswer(202, RunDocument(new).data)

        if key.agent_ids is not None:  # it must not get the answer of another key's request
            ended()
        return answer_once(request, lambda: empty_body(request, ended), retry)
