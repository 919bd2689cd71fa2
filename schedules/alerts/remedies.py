"""What whoever is on call does about an open incident, in one sentence a rule; docs/alerts.md says more."""

from typing import Final

from schedules.alerts import rules

REMEDIES: Final = {
    rules.FAILING: "Look at its newest run, mend the cause, and run it again: a success ends the incident",
    rules.FLAPPING: "Compare its failed runs with the others: time-outs, the provider's limit, what it depends on",
    rules.OUTAGE: "Call the agent once by hand; while it is down, pause it",
    rules.MISSED: "See why no beat was at work, and run the schedule now for each time that is still wanted",
    rules.LATE: "Look at what waits: there are too few workers, or they take no work",
    rules.SATURATED: "Raise the agent's limit, add workers, or spread the schedules",
    rules.PAUSED: "Mend the cause, then resume the schedule",
    rules.LEDGER: "Open the audit: it says what to do about each finding",
    rules.BEATS: "Start a beat, and look at the end of its log",
    rules.WORKERS: "Start a worker, and look at the end of its log",
    rules.BROKER: "Mend the broker: memory, disk, permissions, network; nothing is lost meanwhile",
    rules.CLOCK: "Look at the clock of the database's host",
    rules.KEY: "Rotate the key",
}
"""By rule, for each that opens incidents."""


def remedy_of(rule: str) -> str:
    """Empty for a rule that another version has written."""
    return REMEDIES.get(rule, "")
