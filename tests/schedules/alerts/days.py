"""Days in the life of schedules: runs that were due at some time, and how they ended."""

from datetime import datetime, timedelta
from typing import Any

from schedules.alerts import judging, pausing, telling
from schedules.models import Agent, Delivery, Incident, Run, Schedule, TriggerKind
from schedules.runs import finishing
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import claim
from tests.factories import NOON, make_run
from workers.runtimes.base import CallFailed

LEASE = timedelta(seconds=15)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def run_of(schedule: Schedule, due_at: datetime, **fields: Any) -> Run:
    """A run of the cadence, due at that time, waiting."""
    made = {"trigger": TriggerKind.CADENCE, "fire_time": due_at, "not_before": due_at, "created_at": due_at}
    return make_run(schedule, **made | fields)


def fail(
    schedule: Schedule,
    at: datetime,
    code: str = "agent_unreachable",
    *,
    http_status: int | None = None,
    **fields: Any,
) -> Run:
    """A run of the cadence that is due at `at`, starts and fails for good a second later."""
    run = run_of(schedule, at, **fields)
    failure = CallFailed(code, "It failed", http_status=http_status)
    assert finishing.fail(_started(run, at), failure, at + SECOND) == "failed"
    return run


def succeed(schedule: Schedule, at: datetime, *, late: timedelta = timedelta(0), **fields: Any) -> Run:
    """A run of the cadence that is due at `at` and succeeds; it starts so `late`."""
    run = run_of(schedule, at, **fields)
    _started(run, at + late)
    assert finishing.succeed(run.id, 1, at + late + SECOND)
    return run


def _started(run: Run, at: datetime) -> Claimed:
    claimed = claim(run.id, run.generation, "w", at, LEASE)
    assert isinstance(claimed, Claimed)
    return claimed


def judge(now: datetime) -> None:
    """Judge all that has happened, as a beat does."""
    count = judging.BATCH
    while count == judging.BATCH:
        count, to_pause = judging.judge(now)
        pausing.pause(to_pause, now)


def tell(now: datetime) -> int:
    """Put what is to be told into the outbox."""
    return telling.tell(now)


def told() -> list[str]:
    """The types of the messages in the outbox, oldest first; forgotten once they were asked for."""
    types = list(Delivery.objects.order_by("id").values_list("type", flat=True))
    Delivery.objects.all().delete()
    return types


def open_incidents(of: Schedule | Agent | None = None) -> dict[str, Incident]:
    """By rule."""
    found = Incident.objects.open()
    if of is not None:
        found = found.filter(subject_id=of.id)
    return {incident.rule: incident for incident in found}


def minutes(count: float) -> datetime:
    """So long after noon."""
    return NOON + count * MINUTE
