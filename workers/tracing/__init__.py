"""Traces of attempts, for the tools people have: OpenTelemetry when an exporter is configured, else nothing at all.

One trace an attempt (a span open over hours of retries is never exported by most back ends): its root is
`schedule.<agent_key>`, which begins before the claim; the claim, the agent's call and the record are its children.
"""

from workers.tracing.attempt import AttemptFacts, AttemptTrace, Call, NotTraced
from workers.tracing.start import is_configured, new_attempt, start

__all__ = ["AttemptFacts", "AttemptTrace", "Call", "NotTraced", "is_configured", "new_attempt", "start"]
