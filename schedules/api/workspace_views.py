"""A whole workspace at a glance: all its schedules, all its runs. Additions of this service to the public API."""

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from schedules.api import queries
from schedules.api.api_view import ApiView
from schedules.api.authentication import key_of
from schedules.api.lookups import runs_within, schedules_within
from schedules.api.operations import workspaces as operations
from schedules.api.overview_documents import OverviewDocument, overview
from schedules.api.summaries import NOT_IN_RUNS, RunSummaries, ScheduleSummaries
from schedules.database.clock import database_now
from schedules.database.keyset import page


class OverviewNow(ApiView):
    """How everything stands."""

    @operations.OVERVIEW
    def get(self, request: Request) -> Response:
        """What is wrong, what failed, what was missed."""
        return Response(OverviewDocument(overview(key_of(request), database_now())).data)


class AllSchedules(ApiView):
    """The schedules of all agents that the key reaches."""

    @operations.LIST_ALL_SCHEDULES
    def get(self, request: Request) -> Response:
        """A page of them, newest first."""
        query = queries.read_query(queries.AllSchedulesQuery, request)
        theirs = schedules_within(key_of(request), query.get("agent"))
        rows = theirs.filter(queries.all_schedules_filter(query), deleted_at=None).defer("payload")
        rows = rows.select_related("agent", "next_fire")
        return Response(ScheduleSummaries(page(rows, theirs, query.get("after"), query["limit"])).data)


class AllRuns(ApiView):
    """The runs of all schedules that the key reaches."""

    @operations.LIST_ALL_RUNS
    def get(self, request: Request) -> Response:
        """A page of them, newest first."""
        query = queries.read_query(queries.AllRunsQuery, request)
        key, agent = key_of(request), query.get("agent")
        rows = runs_within(key, agent, queries.all_runs_filter(query)).select_related("agent", "schedule")
        rows, theirs = rows.defer(*NOT_IN_RUNS).with_retries(), runs_within(key, agent, Q())
        return Response(RunSummaries(page(rows, theirs, query.get("after"), query["limit"])).data)
