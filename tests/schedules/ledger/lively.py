"""A ledger in which all that is usual has happened: outages, edits, manual runs, retries, deletions, retention."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ulid import ULID

from schedules import editing
from schedules.ledger import Audit, audit, kept_since
from schedules.models import Agent, Run, RunState, Schedule
from schedules.retention import prune
from schedules.runs import claiming, finishing, leases
from schedules.runs.claimed import Claimed
from schedules.triggering import run_now
from tests.factories import NOON, make_agent, make_schedule
from tests.firing import fire
from workers.runtimes.base import CallFailed

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEEP = 30 * DAY
NOW = NOON + 8.25 * HOUR
LEASE = timedelta(seconds=15)


@dataclass(frozen=True)
class Lively:
    """The schedules, by what happened to them."""

    steady: Schedule
    """Fires each full hour, missed two of them, and was run by hand three times."""
    edited: Schedule
    """Three generations with an epoch, and one that was never active."""
    deleted: Schedule
    finished: Schedule
    old: Schedule
    """Forty days old: its first days are pruned, a manual run among them."""

    def audited(self, now: datetime = NOW) -> Audit:
        """As the command does it."""
        return audit(now, since=kept_since(now, KEEP))


def make_lively() -> Lively:
    """It is NOW, and whatever was due has been fired and done."""
    agent = make_agent(max_attempts=4, retry_base=timedelta(seconds=1))
    old = _make_old(agent)
    steady, edited, deleted = (_hourly(agent) for _ in range(3))
    at = f"@at {NOON + HOUR:%Y-%m-%dT%H:%M:%SZ}"
    finished = make_schedule(agent, NOON - HOUR / 2, type="once", expression=at)
    acts: dict[float, Callable[[datetime], object]] = {
        1.25: lambda now: run_now.trigger(steady.id, now),
        2.25: lambda now: editing.update(edited.id, {"expression": "0 30 * * * *"}, "apk_x", now),
        3.25: lambda now: (run_now.trigger(steady.id, now), editing.delete(deleted.id, "apk_x", now)),
        4.25: lambda now: editing.update(edited.id, {"is_active": False}, "apk_x", now),
        4.75: lambda now: editing.update(edited.id, {"expression": "0 45 * * * *"}, "apk_x", now),
        5.25: lambda now: editing.update(edited.id, {"is_active": True}, "apk_x", now),
        6.25: lambda now: run_now.trigger(steady.id, now),
    }
    for quarter in range(4 * 8 + 1):
        hours = quarter / 4
        now = NOON + hours * HOUR
        if hours in acts:
            acts[hours](now)
        if not 1.5 <= hours < 3:  # no beat
            fire(now, 100)
        _work(now + timedelta(seconds=11))
    _lose_one(steady, NOON + 8 * HOUR)
    prune(NOW, KEEP)
    return Lively(steady, edited, deleted, finished, old)


def _hourly(agent: Agent) -> Schedule:
    return make_schedule(agent, NOON - HOUR / 2, expression="0 0 * * * *")


def _make_old(agent: Agent) -> Schedule:
    """With ids of their time, which is what retention goes by."""
    made_at = NOON - 40 * DAY
    old = make_schedule(agent, made_at, type="interval", expression="@every 120h")
    _redate(run_now.trigger(old.id, made_at))
    _work(made_at + HOUR)
    for day in range(35, -1, -5):
        fire(NOON - day * DAY, 10)
        _work(NOON - day * DAY + HOUR)
    for run in Run.objects.filter(schedule=old, fire_time__isnull=False):
        _redate(run)
    return old


def _redate(run: Run) -> None:
    made_at = run.fire_time or run.not_before
    Run.objects.filter(id=run.id).update(id=str(ULID.from_datetime(made_at)), created_at=made_at)


def _work(now: datetime) -> None:
    """Every run that may start does, and succeeds; a manual one of a busy hour only at its third attempt."""
    for run in Run.objects.claimable(now).order_by("id"):
        is_hard = run.fire_time is None and 2 < (run.created_at - NOON) / HOUR < 4
        for attempt in (1, 2, 3):
            claimed = claiming.claim(run.id, run.generation, "worker", now + attempt * HOUR / 100, LEASE)
            assert isinstance(claimed, Claimed), claimed
            if is_hard and attempt < 3:
                failure = CallFailed("agent_http_error", "500", is_retryable=True)
                finishing.fail(claimed, failure, claimed.started_at + timedelta(seconds=2))
                continue
            assert finishing.succeed(run.id, claimed.attempt, claimed.started_at + timedelta(seconds=2))
            break


def _lose_one(schedule: Schedule, now: datetime) -> None:
    """A worker dies in the middle of a run, another one does it."""
    run = run_now.trigger(schedule.id, now)
    first = claiming.claim(run.id, run.generation, "worker-1", now + HOUR / 60, LEASE)
    assert isinstance(first, Claimed)
    leases.take_back_expired(now + HOUR / 30, 10)
    second = claiming.claim(run.id, run.generation, "worker-2", now + HOUR / 20, LEASE)
    assert isinstance(second, Claimed)
    assert finishing.succeed(run.id, 2, now + HOUR / 10)
    assert Run.objects.get(id=run.id).state == RunState.SUCCEEDED
