"""An agent goes down with ten thousand schedules, beside a steady stream of another: what is told, what it costs."""

import time
from contextlib import ExitStack
from datetime import UTC, datetime

from bench import measuring, population
from bench.measuring import percentile
from bench.processes import beat, wait_for, worker
from bench.reporting import Report
from bench.servers import Servers
from bench.steady import LEAD_SECONDS, THREADS
from schedules.alerts.book import PATIENCE
from schedules.database.clock import database_now
from schedules.deliveries import endpoints
from schedules.deliveries.endpoints import NewWebhook
from schedules.models import (
    Agent,
    AlertRule,
    AlertSignal,
    Delivery,
    Incident,
    Run,
    RunState,
    ScheduleHealth,
)
from tests.factories import make_agent, make_workspace

FIRST_BROKEN = 5_000_000
"""Of the numbers of its schedules: none of the stream."""

ALONE, UNTOLD, TOLD = "alone", "beside the outage, all rules off", "beside the outage, told"


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Lateness of the stream (100 fires/s for a minute) alone, beside failing runs, and where these are told."""
    per_second, seconds, down = (20, 10, 200) if is_quick else (100, 60, 10_000)
    columns = ("stream", "failed runs", "p50, s", "p99, s", "worst, s", "incidents", "messages")
    report = Report("outage", columns, measuring.machine())
    agent = population.make_agent()
    for name in (ALONE, UNTOLD, TOLD):
        report.row(name, *_stream(servers, agent, per_second, seconds, 0 if name == ALONE else down, name))
    report.note(
        "The agent that is down is of another workspace: each of its schedules fires once in the minute and fails "
        "at its only attempt. The message leaves a minute after the incident opened; its rows are set back by that."
    )
    return report


def _stream(
    servers: Servers, agent: Agent, per_second: int, seconds: int, down: int, name: str
) -> tuple[int, float, float, float, int, int]:
    for model in (Delivery, Incident, AlertSignal, ScheduleHealth, AlertRule):
        model.objects.all().delete()
    population.clear()
    servers.broker(0).flushdb()
    broken = _broken_agent(is_told=name == TOLD)
    count = per_second * seconds
    with ExitStack() as stack:
        for number in range(2):
            stack.enter_context(worker(servers.folder, THREADS, f"worker-{number}"))
        stack.enter_context(beat(servers.folder))
        begins_at = datetime.fromtimestamp(int(time.time() + LEAD_SECONDS + (count + down) / 2_000), UTC)
        population.make_stream(agent, per_second, seconds, begins_at)
        if down:
            population.make_stream(broken, -(-down // seconds), seconds, begins_at, first=FIRST_BROKEN)
        time.sleep(max(0.0, begins_at.timestamp() - time.time()) + seconds)
        stream = Run.objects.filter(agent=agent, state=RunState.SUCCEEDED)
        wait_for(lambda: stream.count() == count, 120, f"{count} runs to succeed", pause=0.5)
        failed = Run.objects.filter(agent=broken, state=RunState.FAILED)
        wait_for(lambda: failed.count() >= down, 120, f"{down} runs to fail", pause=0.5)
        wait_for(lambda: not AlertSignal.objects.exists(), 60, "all signals to be judged", pause=0.5)
        _pass_the_patience()
        time.sleep(5)
    lateness = sorted(
        (started_at - fire_time).total_seconds()
        for started_at, fire_time in stream.values_list("started_at", "fire_time")
        if started_at and fire_time
    )
    told = Delivery.objects.filter(workspace=broken.workspace).count()
    opened = Incident.objects.filter(workspace=broken.workspace, absorbed_by="").count()
    return (
        failed.count(),
        percentile(lateness, 50),
        percentile(lateness, 99),
        lateness[-1],
        opened,
        told,
    )


def _broken_agent(*, is_told: bool) -> Agent:
    """At a port where nobody listens; its workspace has an endpoint."""
    workspace = make_workspace()
    made = make_agent(
        workspace, "down", runtime="responses", base_url="http://127.0.0.1:9", max_attempts=1, max_in_flight=4
    )
    new = NewWebhook(display_name="On call", channel="webhook", target="https://hooks.example.com/x")
    endpoints.create(workspace, new, "user_bench", database_now())
    if not is_told:
        for rule in ("schedule.failing", "schedule.flapping", "agent.outage", "agent.saturated", "fire.late"):
            AlertRule.objects.create(workspace=workspace, rule=rule, is_enabled=False)
    return made


def _pass_the_patience() -> None:
    for incident in Incident.objects.filter(tell_at__isnull=False, told_at=None):
        Incident.objects.filter(id=incident.id).update(
            tell_at=(incident.tell_at or database_now()) - PATIENCE
        )
