"""What a trace says of a claimed run."""

from schedules import agent_runtimes
from schedules.runs.claimed import Claimed
from workers.tracing.attempt import AttemptFacts

PROVIDERS = {"orq": "orq", "openai": "openai", "chat": "openai"}
"""Whose model answers unless the agent's settings say so, by its dialect or, where it has none, its runtime."""


def facts_of(claimed: Claimed) -> AttemptFacts:
    """Of the attempt that this claim gave the right to make."""
    agent, occasion = claimed.agent, claimed.occasion
    dialect = agent_runtimes.dialect_of(agent.runtime, agent.dialect, agent.path)
    return AttemptFacts(
        agent_key=agent.key,
        agent_version=claimed.agent_tag,
        workspace=str(agent.workspace_id),
        schedule_id=claimed.schedule_id,
        run_id=claimed.run_id,
        trigger=occasion.trigger,
        attempt=claimed.attempt,
        generation=occasion.generation,
        fire_time=occasion.fire_time,
        lateness=claimed.started_at - occasion.due_at,
        is_misfire=occasion.is_misfire,
        links=claimed.linked_traceparents,
        provider=agent.provider or PROVIDERS.get(dialect or agent.runtime, ""),
        address=agent.base_url,
    )
