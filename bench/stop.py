"""Stopping everything while a stream is fired: how long after the answer the last run starts, and what comes back."""

import time
from contextlib import ExitStack
from datetime import UTC, datetime

from bench import measuring, population
from bench.processes import beat, wait_for, worker
from bench.reporting import Report
from bench.servers import Servers
from bench.steady import LEAD_SECONDS, THREADS
from schedules import holds
from schedules.holds import Reach
from schedules.models import Agent, Hold, MissedFiring, Run, RunState

HELD_SECONDS = 5


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """200 fires/s, two workers; everything is held for five seconds in the middle of it."""
    per_second = 20 if is_quick else 200
    columns = (
        "fires/s",
        "last start after the answer, s",
        "missed",
        "fired after the release",
        "open at the end",
    )
    report = Report("stop", columns, measuring.machine())
    agent = population.make_agent()
    for _ in range(rounds):
        report.row(per_second, *_stopped(servers, agent, per_second))
    report.note(
        "A start before the answer counts as none after it. What was due meanwhile is on record as missed."
    )
    return report


def _stopped(servers: Servers, agent: Agent, per_second: int) -> tuple[float, int, int, int]:
    Hold.objects.all().delete()
    population.clear()
    servers.broker(0).flushdb()
    seconds = 3 * HELD_SECONDS
    with ExitStack() as stack:
        for number in range(2):
            stack.enter_context(worker(servers.folder, THREADS, f"worker-{number}"))
        stack.enter_context(beat(servers.folder))
        begins_at = datetime.fromtimestamp(
            int(time.time() + LEAD_SECONDS + per_second * seconds / 2_000), UTC
        )
        population.make_stream(agent, per_second, seconds, begins_at)
        time.sleep(max(0.0, begins_at.timestamp() - time.time()) + HELD_SECONDS)
        holds.hold(Reach(), "user_bench", note="bench", until=None)
        answered_at = datetime.now(UTC)
        time.sleep(HELD_SECONDS)
        before_release = Run.objects.filter(started_at__gt=answered_at).order_by("-started_at").first()
        holds.release(Reach())
        released_at = datetime.now(UTC)
        time.sleep(HELD_SECONDS + 1)
        wait_for(lambda: not _open(), 60, "everything to end", pause=0.2)
        late = (
            (before_release.started_at - answered_at).total_seconds()
            if before_release is not None and before_release.started_at is not None
            else 0.0
        )
        missed = sum(MissedFiring.objects.values_list("count", flat=True))
        return late, missed, Run.objects.filter(started_at__gt=released_at).count(), _open()


def _open() -> int:
    return Run.objects.filter(state__in=(RunState.PENDING, RunState.RUNNING)).count()
