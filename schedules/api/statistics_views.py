"""An agent's statistics: an addition of this service to the public API."""

from rest_framework.request import Request
from rest_framework.response import Response

from schedules import tallies
from schedules.api import queries
from schedules.api.api_view import ApiView
from schedules.api.authentication import key_of
from schedules.api.lookups import agent_of
from schedules.api.operations import agents as operations
from schedules.api.statistics_documents import StatisticsDocument
from schedules.database.clock import database_now


class AgentStatistics(ApiView):
    """How the runs of an agent went."""

    @operations.RETRIEVE_STATISTICS
    def get(self, request: Request, agent_key: str) -> Response:
        """Over the period that was asked for, or the last seven days."""
        asked = queries.read_query(queries.StatisticsQuery, request)
        agent = agent_of(key_of(request), agent_key)
        period = tallies.period(asked.get("from"), asked.get("to"), database_now())
        return Response(StatisticsDocument(tallies.agent_statistics(agent, period)).data)
