"""What the spans of an attempt say, by the names of workers.tracing.names: no payload, no output, no words."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from schedules.expressions.instants import rfc3339
from workers.runtimes.base import Answer
from workers.tracing import names
from workers.tracing.attempt import AttemptFacts

_PORTS: Final = {"http": 80, "https": 443}


def root_attributes(facts: AttemptFacts) -> dict[str, Any]:
    """Of the attempt, as far as they are known when it begins: samplers see them."""
    attributes = {
        names.OPERATION: names.INVOKE_AGENT,
        names.AGENT_NAME: facts.agent_key,
        names.SCHEDULE_ID: facts.schedule_id,
        names.RUN_ID: facts.run_id,
        names.WORKSPACE: facts.workspace,
        names.TRIGGER: facts.trigger,
        names.ATTEMPT: facts.attempt,
        names.GENERATION: facts.generation,
        names.IS_MISFIRE: facts.is_misfire,
    }
    if facts.fire_time is not None:
        attributes[names.FIRE_TIME] = rfc3339(facts.fire_time)
    if facts.lateness is not None:
        attributes[names.LATENESS] = facts.lateness.total_seconds()
    return attributes


def call_attributes(facts: AttemptFacts) -> dict[str, Any]:
    """Of the agent's call before it has answered."""
    host, port = _host_and_port(facts.address)
    attributes = {
        names.OPERATION: names.INVOKE_AGENT,
        names.PROVIDER: facts.provider,
        names.AGENT_NAME: facts.agent_key,
        names.AGENT_VERSION: facts.agent_version,
        names.SERVER_ADDRESS: host,
        names.SERVER_PORT: port,
    }
    return {name: value for name, value in attributes.items() if value}


def answer_attributes(answer: Answer) -> dict[str, Any]:
    """What the agent says of its work, without what it said."""
    usage: Mapping[str, Any] = answer.usage or {}
    cached = usage.get("input_tokens_details")
    attributes = {
        names.RESPONSE_ID: answer.response_id,
        names.RESPONSE_MODEL: answer.model,
        names.INPUT_TOKENS: usage.get("input_tokens"),
        names.OUTPUT_TOKENS: usage.get("output_tokens"),
        names.CACHED_TOKENS: cached.get("cached_tokens") if isinstance(cached, dict) else None,
    }
    return {name: value for name, value in attributes.items() if isinstance(value, str | int)}


@lru_cache(maxsize=1024)
def _host_and_port(address: str) -> tuple[str | None, int | None]:
    url = urlsplit(address)
    return url.hostname, url.port or _PORTS.get(url.scheme)
