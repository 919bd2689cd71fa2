"""What a real worker exports, and what Celery's own instrumentation makes of the messages that reach it."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import redis
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from orqsite.broker import QUEUE
from tests.agent_server import AgentServer
from tests.processes.databases import migrated_database
from tests.processes.service import Service, document
from tests.waiting import wait_for
from tests.workers.tracing.collector import Collector, attributes_of

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]

Document = dict[str, Any]
StartTraced = Callable[..., None]
SCHEDULES = "/v3/agents/digest/schedules"
COUNT = 3
OF_THE_INSTRUMENTATION = "run/workers.tasks.execute_run"


@pytest.fixture(scope="module")
def service(agent_server: AgentServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose beat and worker each test starts itself."""
    folder = tmp_path_factory.mktemp("service")
    redis_url = os.environ["REDIS_URL"].removesuffix("/0") + "/6"
    with Service(folder, migrated_database("postgresql", folder), redis_url) as running:
        running.create_agent("digest", agent_server.url)
        for name in ("beat", "worker"):
            running.children.pop(name).kill()
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[httpx2.Client]:
    with service.client(service.token) as client:
        yield client


@pytest.fixture
def broker(service: Service) -> Iterator[redis.Redis]:
    """The service's broker, with no message of another test."""
    with redis.Redis.from_url(service.environment["REDIS_URL"]) as broker:
        broker.flushdb()
        yield broker


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def start(service: Service, collector: Collector) -> Iterator[StartTraced]:
    """Start a beat or a worker of this test's own, told of the collector and of other variables."""
    before = dict(service.environment)
    names: list[str] = []

    def start(program: str, application: str = "orqsite", **variables: str) -> None:
        service.environment |= {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "ORQ_REDISPATCH_SECONDS": "600",  # a worker that starts slowly gets each message once
            **variables,
        }
        names.append(f"{program} at {collector.url.rpartition(':')[2]}")
        service.start(names[-1], "-m", "celery", "-A", application, "-q", program)
        wait_for(lambda: "process.registered" in service.log(names[-1]), 60, f"the {program}'s start")

    yield start
    service.environment = before
    for name in names:
        service.children.pop(name).kill()


def once(client: httpx2.Client, at: datetime) -> Document:
    """A schedule that fires once."""
    body = {"type": "once", "expression": f"@at {at:%Y-%m-%dT%H:%M:%SZ}", "payload": {"input": "Hi"}}
    created: Document = document(client.post(SCHEDULES, json=body), 201)
    return created


def in_seconds(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def succeeded_run(client: httpx2.Client, schedule: Document) -> Document:
    """Its one run, once it has succeeded."""

    def look() -> list[Document]:
        runs: list[Document] = document(client.get(f"{SCHEDULES}/{schedule['_id']}/runs"), 200)["runs"]
        return [run for run in runs if run["state"] == "succeeded"]

    [run] = wait_for(look, 30, "the run to succeed")
    return run


def seen_by_the_agent(agent_server: AgentServer, schedule: Document) -> tuple[str, str]:
    """The trace and span of the one call that the agent got of this schedule."""
    keys = [(call["headers"]["idempotency-key"], call["headers"]) for call in agent_server.calls("digest")]
    [headers] = [headers for key, headers in keys if key.startswith(schedule["_id"])]
    _, trace_id, span_id, _ = headers["traceparent"].split("-")
    return trace_id, span_id


def exported(collector: Collector, trace_id: str) -> dict[str, Span]:
    """The trace's spans by name, once its root has come: it ends last."""
    wait_for(lambda: "schedule.digest" in collector.traces().get(trace_id, {}), 20, "the trace")
    return collector.traces()[trace_id]


def test_a_worker_exports_its_run_as_the_trace_that_the_agent_saw(
    service: Service,
    start: StartTraced,
    client: httpx2.Client,
    agent_server: AgentServer,
    collector: Collector,
) -> None:
    start("beat")
    start("worker")
    schedule = once(client, in_seconds(3))

    run = succeeded_run(client, schedule)

    trace = exported(collector, run["trace_id"])
    root, call = trace["schedule.digest"], trace["invoke_agent digest"]
    assert set(trace) == {"schedule.digest", "claim", "invoke_agent digest", "record"}
    assert (root.kind, root.parent_span_id) == (Span.SPAN_KIND_SERVER, b"")
    assert (call.kind, call.parent_span_id) == (Span.SPAN_KIND_CLIENT, root.span_id)
    assert seen_by_the_agent(agent_server, schedule) == (run["trace_id"], call.span_id.hex())
    assert attributes_of(root)["agent_schedules.run.id"] == run["_id"]
    assert attributes_of(root)["agent_schedules.trigger"] == "cadence"
    assert list(collector.traces()) == [run["trace_id"]]


@pytest.mark.parametrize(
    "keeps",
    [
        pytest.param(False, id="as it is"),
        pytest.param(True, id="with a template that keeps the trace", marks=pytest.mark.long),
    ],
)
def test_under_celerys_instrumentation_each_run_of_a_worker_is_a_trace_of_its_own(
    keeps: bool,
    start: StartTraced,
    client: httpx2.Client,
    agent_server: AgentServer,
    collector: Collector,
    broker: redis.Redis,
) -> None:
    control = {"ORQ_TEST_KEEPS_TRACE": "1"} if keeps else {}
    start("beat", "tests.processes.instrumented", **control)
    at = in_seconds(4)
    schedules = [once(client, at) for _ in range(COUNT)]

    wait_for(lambda: broker.llen(QUEUE) == COUNT, 20, "all messages")
    headers = [json.loads(message)["headers"] for message in broker.lrange(QUEUE, 0, -1)]
    start("worker", "tests.processes.instrumented", **control)
    runs = [succeeded_run(client, schedule) for schedule in schedules]

    theirs = traces_of_the_instrumentation(collector)
    if keeps:
        [shared] = {each["traceparent"] for each in headers}
        assert theirs == {shared.split("-")[1]}, "the mistake: one trace for all runs"
    else:
        assert not [each for each in headers if {"traceparent", "tracestate", "baggage"} & each.keys()]
        assert len(theirs) == COUNT
    ours = {run["trace_id"] for run in runs}
    assert len(ours) == COUNT
    assert not ours & theirs
    for run, schedule in zip(runs, schedules, strict=True):
        call = exported(collector, run["trace_id"])["invoke_agent digest"]
        assert seen_by_the_agent(agent_server, schedule) == (run["trace_id"], call.span_id.hex())


def traces_of_the_instrumentation(collector: Collector) -> set[str]:
    """The traces of its spans around the runs, once there is one for each run."""

    def look() -> list[str]:
        return [span.trace_id.hex() for span in collector.spans if span.name == OF_THE_INSTRUMENTATION]

    wait_for(lambda: len(look()) >= COUNT, 20, "the spans of the instrumentation")
    return set(look())
