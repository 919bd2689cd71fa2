"""The names of spans' attributes: OpenTelemetry's GenAI conventions v0.1.0 (Development), and our own.

The GenAI conventions live in a repository of their own and are not stable: their names stand here and nowhere else.
"""

from typing import Final

OPERATION: Final = "gen_ai.operation.name"
INVOKE_AGENT: Final = "invoke_agent"
PROVIDER: Final = "gen_ai.provider.name"
AGENT_NAME: Final = "gen_ai.agent.name"
AGENT_VERSION: Final = "gen_ai.agent.version"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_ID: Final = "gen_ai.response.id"
RESPONSE_MODEL: Final = "gen_ai.response.model"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHED_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"

ERROR_TYPE: Final = "error.type"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
HTTP_STATUS: Final = "http.response.status_code"

SCHEDULE_ID: Final = "agent_schedules.schedule.id"
RUN_ID: Final = "agent_schedules.run.id"
WORKSPACE: Final = "agent_schedules.workspace"
TRIGGER: Final = "agent_schedules.trigger"
ATTEMPT: Final = "agent_schedules.attempt"
GENERATION: Final = "agent_schedules.generation"
FIRE_TIME: Final = "agent_schedules.fire_time"
LATENESS: Final = "agent_schedules.lateness_seconds"
IS_MISFIRE: Final = "agent_schedules.is_misfire"
RUN_STATE: Final = "agent_schedules.run.state"
REASON: Final = "agent_schedules.reason"
