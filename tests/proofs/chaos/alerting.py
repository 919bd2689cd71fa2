"""Whether every permanent failure and every missed fire time has its incident, and no incident is without a cause.

Asked of the service's own records when all is at rest and beats have judged what happened.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

Rows = Callable[[str], list[tuple[Any, ...]]]

JUDGED_SECONDS: Final = 60.0
"""Beats judge every two seconds; they may have to be started again."""

_UNJUDGED: Final = "SELECT count(*) FROM schedules_alertsignal"
_COUNTS: Final = "SELECT rule, count(*) FROM schedules_incident GROUP BY rule ORDER BY rule"
_STANDSTILLS: Final = "('beat.stalled', 'workers.gone', 'broker.down')"

_WITHOUT_INCIDENT: Final = {
    "a failed run": """
SELECT run.id FROM schedules_run run WHERE run.state = 'failed' AND run.trigger = 'cadence' AND NOT EXISTS (
    SELECT FROM schedules_incident incident
    WHERE incident.seen_at >= run.finished_at
        AND (incident.closed_at IS NULL OR incident.closed_at >= run.finished_at)
        AND (incident.subject_id = run.schedule_id AND incident.rule IN ('schedule.failing', 'schedule.flapping')
            OR incident.subject_id = run.agent_id AND incident.rule = 'agent.outage'))
""",
    "missed fire times": f"""
SELECT missed.id FROM schedules_missedfiring missed
JOIN schedules_schedule schedule ON schedule.id = missed.schedule_id
WHERE missed.reason = 'coalesced' AND NOT EXISTS (
    SELECT FROM schedules_incident incident
    WHERE incident.rule = 'fire.missed' AND incident.subject_id = missed.schedule_id
        AND (incident.facts ->> 'first_fire_time')::timestamptz <= missed.first_fire_time
        AND (incident.facts ->> 'last_fire_time')::timestamptz >= missed.last_fire_time)
    AND NOT EXISTS (
    SELECT FROM schedules_incident incident
    WHERE incident.rule IN {_STANDSTILLS} AND incident.workspace_id = schedule.workspace_id
        AND missed.last_fire_time >= incident.opened_at - interval '2 minutes'
        AND (incident.closed_at IS NULL OR missed.last_fire_time <= incident.closed_at))
""",  # noqa: S608 - our own words
}
_WITHOUT_CAUSE: Final = {
    "of a schedule that did not fail": """
SELECT incident.id FROM schedules_incident incident
WHERE incident.rule IN ('schedule.failing', 'schedule.flapping') AND NOT EXISTS (
    SELECT FROM schedules_run run WHERE run.schedule_id = incident.subject_id AND run.state = 'failed'
        AND run.trigger = 'cadence' AND run.finished_at <= incident.seen_at)
""",
    "of an agent of which fewer than five schedules failed": """
SELECT incident.id FROM schedules_incident incident WHERE incident.rule = 'agent.outage' AND 5 > (
    SELECT count(DISTINCT run.schedule_id) FROM schedules_run run
    WHERE run.agent_id = incident.subject_id AND run.state = 'failed' AND run.trigger = 'cadence'
        AND run.finished_at BETWEEN incident.opened_at - interval '2 hours' AND incident.seen_at)
""",
    "of fire times that were not missed": """
SELECT incident.id FROM schedules_incident incident WHERE incident.rule = 'fire.missed' AND NOT EXISTS (
    SELECT FROM schedules_missedfiring missed
    WHERE missed.schedule_id = incident.subject_id AND missed.reason = 'coalesced')
""",
    "that two are open of": """
SELECT min(id) FROM schedules_incident WHERE closed_at IS NULL GROUP BY rule, subject_id HAVING count(*) > 1
""",
}


def problems(rows: Rows) -> list[str]:
    """What is wrong with the incidents of a service at rest, in words."""
    unjudged = _unjudged(rows)
    return [
        *([f"alerts: {unjudged} signals were never judged"] if unjudged else []),
        *_found(rows, _WITHOUT_INCIDENT, "without an incident: {} (e.g. {}), {} in all"),
        *_found(rows, _WITHOUT_CAUSE, "an incident {} (e.g. {}), {} in all"),
    ]


def counts(rows: Rows) -> str:
    """How many incidents there were of each rule."""
    return ", ".join(f"{count} {rule}" for rule, count in rows(_COUNTS)) or "none"


def _unjudged(rows: Rows) -> int:
    deadline = time.monotonic() + JUDGED_SECONDS
    while (count := int(rows(_UNJUDGED)[0][0])) and time.monotonic() < deadline:
        time.sleep(0.5)
    return count


def _found(rows: Rows, questions: Mapping[str, str], words: str) -> list[str]:
    answers = {what: rows(query) for what, query in questions.items()}
    return [words.format(what, found[0][0], len(found)) for what, found in answers.items() if found]
