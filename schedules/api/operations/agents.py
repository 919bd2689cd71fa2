"""How the operations on agents are described in /openapi.json."""

from typing import Final

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from schedules.api.agent_bodies import AgentChangesBody, NewAgentBody
from schedules.api.agent_documents import AgentDocument, AgentList
from schedules.api.examples import AGENT, NEW_AGENT, STATISTICS
from schedules.api.operations.describing import (
    OF_AGENT,
    OF_AGENT_BODY,
    answer,
    errors,
    operation,
    repeatable,
)
from schedules.api.queries import ScheduleListQuery, StatisticsQuery
from schedules.api.statistics_documents import StatisticsDocument

_AN_AGENT: Final = [OpenApiExample("An agent", NEW_AGENT, request_only=True)]
_A_TIMEOUT: Final = [OpenApiExample("A longer silence", {"read_timeout_seconds": 600}, request_only=True)]

LIST_AGENTS: Final = operation(
    "list-agents",
    "List agents",
    "Lists all agents of the key's workspace, newest first; with `limit` a page of them.",
    parameters=[ScheduleListQuery],
    responses={
        200: answer(AgentList, "Agents listed.", {"agents": [AGENT]}),
        **errors("invalid_request_body"),
    },
)
CREATE_AGENT: Final = operation(
    "create-agent",
    "Create agent",
    "Makes an agent that schedules can run. It needs a key of the scope admin.",
    parameters=repeatable(201),
    request=NewAgentBody,
    examples=_AN_AGENT,
    responses={
        201: answer(AgentDocument, "Agent created.", AGENT),
        **errors("agent_exists", "idempotency_key_reused", *OF_AGENT_BODY),
    },
)
RETRIEVE_AGENT: Final = operation(
    "retrieve-agent",
    "Retrieve agent",
    "The agent's settings. Of what is secret it only says whether it is there.",
    parameters=OF_AGENT,
    responses={200: answer(AgentDocument, "Agent retrieved.", AGENT), **errors("agent_not_found")},
)
UPDATE_AGENT: Final = operation(
    "update-agent",
    "Update agent",
    "Changes what the body names; runs that start afterwards use it. A masked value of a header keeps what is "
    "stored. Where scheme, host or port of `base_url` change, each secret that is stored (credential, secret "
    "headers, client key, signing secrets) must be sent anew or removed. It needs a key of the scope admin.",
    parameters=OF_AGENT,
    request=AgentChangesBody,
    examples=_A_TIMEOUT,
    responses={
        200: answer(AgentDocument, "Agent updated.", AGENT),
        **errors("agent_not_found", *OF_AGENT_BODY),
    },
)
DELETE_AGENT: Final = operation(
    "delete-agent",
    "Delete agent",
    "Deletes an agent. It is gone at once, and no run of it starts; its schedules end within a while. The history of "
    "their runs stays for operators. It needs a key of the scope admin.",
    parameters=OF_AGENT,
    request=None,
    responses={
        204: OpenApiResponse(description="Agent deleted."),
        **errors("insufficient_scope", "agent_not_found"),
    },
)
RETRIEVE_STATISTICS: Final = operation(
    "retrieve-agent-statistics",
    "Retrieve agent statistics",
    "How the agent's runs went: by how and why they ended and what asked for them, with attempts, lateness, tokens "
    "and cost, and as a series. Counted are the runs that were due from `from` (seven days before `to`) to `to` "
    "(now) and have ended, also those that retention has deleted. Both are widened to full hours, UTC, and may be at "
    "most 92 days apart. Percentiles are upper bounds: ends of buckets.",
    parameters=[*OF_AGENT, StatisticsQuery],
    responses={
        200: answer(StatisticsDocument, "Statistics retrieved.", STATISTICS),
        **errors("agent_not_found", "invalid_request_body"),
    },
)
