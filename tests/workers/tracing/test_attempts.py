"""Real attempts of real runs, seen at an OTLP collector and at the agent."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from statistics import median
from typing import Any

import pytest
from celery import Celery, current_app
from opentelemetry import trace as global_trace
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from orqsite.embedded.ports import LOOPBACK, free_port
from schedules import agents
from schedules.database.clock import database_now
from schedules.messages import dispatch
from schedules.messages.message_template import MessageTemplate
from schedules.models import Agent, Run, RunState
from schedules.triggering import run_now
from tests.agent_server import AgentServer, Behaviour
from tests.api.caller import Caller
from tests.factories import make_agent, make_run, make_schedule, make_token
from tests.workers.tracing.collector import Collector, attributes_of
from tests.workers.tracing.traced import traced_to
from workers.tasks import execute_run
from workers.tracing import export

pytestmark = pytest.mark.django_db(transaction=True)

REQUEST = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MEASURED = 30
MOST_DELAY_SECONDS = 0.05
"""By how much a collector that is away may lengthen a run."""


@pytest.fixture
def server() -> Iterator[AgentServer]:
    with AgentServer() as running:
        yield running


@pytest.fixture
def agent(server: AgentServer) -> Agent:
    return make_agent(runtime="responses", base_url=server.url)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def _traced(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from traced_to(collector.url, monkeypatch)


def flushed(collector: Collector) -> dict[str, dict[str, Any]]:
    export.flush()
    return collector.traces()


def due_run(agent: Agent, **schedule: Any) -> Run:
    now = database_now()
    return make_run(make_schedule(agent, now=now, **schedule), not_before=now)


def executed(run: Run) -> Run:
    execute_run(run.id, run.generation)
    return Run.objects.get(id=run.id)


@pytest.mark.usefixtures("_traced")
def test_two_attempts_are_two_traces_and_the_second_is_linked_to_the_first(
    server: AgentServer, agent: Agent, collector: Collector
) -> None:
    server.script("digest", Behaviour(status=503), Behaviour())
    run = due_run(agent)

    first = executed(run)
    Run.objects.update(not_before=database_now())
    second = executed(run)

    traces = flushed(collector)
    assert list(traces) == [first.trace_id, second.trace_id]
    root_of_first, root_of_second = (trace["schedule.digest"] for trace in traces.values())
    (link,) = root_of_second.links
    assert (link.trace_id, link.span_id) == (root_of_first.trace_id, root_of_first.span_id)
    assert attributes_of(root_of_first)["agent_schedules.run.state"] == "pending"
    assert attributes_of(root_of_first)["error.type"] == "agent_http_error"
    assert attributes_of(root_of_second)["agent_schedules.run.state"] == "succeeded"
    assert [attributes_of(root)["agent_schedules.attempt"] for root in (root_of_first, root_of_second)] == [
        1,
        2,
    ]


@pytest.mark.usefixtures("_traced")
def test_the_agent_sees_the_traceparent_of_its_call(
    server: AgentServer, agent: Agent, collector: Collector
) -> None:
    done = executed(due_run(agent))

    call = flushed(collector)[done.trace_id]["invoke_agent digest"]
    (posted,) = [each for each in server.calls() if each.get("method") == "POST"]
    assert posted["headers"]["traceparent"].split("-")[1:3] == [call.trace_id.hex(), call.span_id.hex()]
    assert attributes_of(call)["gen_ai.response.id"] == done.response_id


COMPLETION = {"id": "c-1", "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}


@pytest.mark.usefixtures("_traced")
@pytest.mark.parametrize("runtime", ["responses", "chat"])
@pytest.mark.parametrize(
    ("model", "tag", "sent"),
    [
        ("", None, "agent/digest"),
        ("", "v2", "agent/digest@v2"),
        ("gpt-5", "v2", "gpt-5"),
        ("house-{tag}", "v2", "house-v2"),
    ],
)
def test_the_model_of_a_call_is_the_one_that_was_sent(
    server: AgentServer, collector: Collector, runtime: str, model: str, tag: str | None, sent: str
) -> None:
    agent = make_agent(runtime=runtime, base_url=server.url, path=f"/v1/{runtime}", model=model)
    if tag:
        agents.add_version(agent, tag, activate=True)
    if runtime == "chat":
        server.script(sent.removeprefix("agent/").partition("@")[0], Behaviour(body=json.dumps(COMPLETION)))

    done = executed(due_run(agent))

    (posted,) = server.calls()
    call = attributes_of(flushed(collector)[done.trace_id]["invoke_agent digest"])
    assert done.state == RunState.SUCCEEDED
    assert call["gen_ai.request.model"] == posted["body"]["model"] == sent


@pytest.mark.usefixtures("_traced")
def test_a_call_that_names_no_model_has_none(server: AgentServer, collector: Collector) -> None:
    server.script("", Behaviour(status=202))
    agent = make_agent(runtime="webhook", base_url=server.url, path="", model="gpt-5")

    done = executed(due_run(agent))

    call = attributes_of(flushed(collector)[done.trace_id]["invoke_agent digest"])
    assert "gen_ai.request.model" not in call
    assert (done.state, call["http.response.status_code"]) == (RunState.SUCCEEDED, 202)


@pytest.mark.usefixtures("_traced")
@pytest.mark.parametrize(
    ("behaviour", "state", "status"),
    [
        (Behaviour(status=201), RunState.SUCCEEDED, 201),
        (Behaviour(status=202, outcome="queued"), RunState.SUCCEEDED, 200),
        (Behaviour(status=503), RunState.PENDING, 503),
        (Behaviour(status=404), RunState.FAILED, 404),
        (Behaviour(status=302, headers={"Location": "/"}), RunState.FAILED, 302),
        (Behaviour(outcome="failed"), RunState.FAILED, 200),
        (Behaviour(fault="close"), RunState.PENDING, None),
    ],
)
def test_a_call_has_the_status_of_the_last_reply(
    server: AgentServer,
    agent: Agent,
    collector: Collector,
    behaviour: Behaviour,
    state: RunState,
    status: int | None,
) -> None:
    server.script("digest", behaviour)

    done = executed(due_run(agent))

    call = attributes_of(flushed(collector)[done.trace_id]["invoke_agent digest"])
    assert (done.state, call.get("http.response.status_code")) == (state, status)


@pytest.mark.usefixtures("_traced")
def test_a_run_now_is_linked_to_its_request(agent: Agent, collector: Collector) -> None:
    schedule = make_schedule(agent, now=database_now())
    api = Caller(make_token(agent.workspace))
    path = f"/v3/agents/digest/schedules/{schedule.id}/execution"

    assert api.send("POST", path, b"", "", traceparent=REQUEST).status_code == 202
    Run.objects.update(not_before=database_now())
    done = executed(Run.objects.get())

    (link,) = flushed(collector)[done.trace_id]["schedule.digest"].links
    assert (link.trace_id.hex(), link.span_id.hex()) == tuple(REQUEST.split("-")[1:3])


@pytest.mark.usefixtures("_traced")
def test_a_run_again_is_linked_to_the_ended_run(
    server: AgentServer, agent: Agent, collector: Collector
) -> None:
    server.script("digest", Behaviour(status=404), Behaviour())
    failed = executed(due_run(agent))

    again = run_now.run_again(failed.id, database_now())
    Run.objects.filter(id=again.id).update(not_before=database_now())
    done = executed(again)

    traces = flushed(collector)
    (link,) = traces[done.trace_id]["schedule.digest"].links
    assert link.span_id == traces[failed.trace_id]["schedule.digest"].span_id
    assert attributes_of(traces[done.trace_id]["schedule.digest"])["agent_schedules.trigger"] == "again"


@pytest.mark.usefixtures("_traced")
def test_no_secret_is_in_any_span(server: AgentServer, agent: Agent, collector: Collector) -> None:
    secret = "hunter2-s3cr3t-t0ken"
    server.script("digest", Behaviour(merge={"model": f"model-{secret}", "usage": {secret: secret}}))
    variables = {"token": {"secret": True, "value": secret}}

    done = executed(due_run(agent, payload={"input": "use {{token}}", "variables": variables}))

    assert done.state == RunState.SUCCEEDED
    assert flushed(collector)[done.trace_id]
    assert not any(secret.encode() in body for body in collector.bodies)
    assert not any(b"use " in body for body in collector.bodies)


@pytest.fixture(params=["nobody listens", "nobody answers"])
def address_of_nobody(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where a collector should be; exports to it fail at once, or wait for their time-out."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        if request.param == "nobody listens":
            listener.close()
            yield f"http://{LOOPBACK}:{free_port()}"
        else:
            yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"


def test_a_collector_that_is_away_delays_no_run(
    agent: Agent, address_of_nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")  # many exports begin while the runs are measured
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    module: Any = import_module("workers.tracing.start")
    ways = {"untraced": module._new_attempt}
    tracing = traced_to(address_of_nobody, monkeypatch)
    next(tracing)
    ways["traced"] = module._new_attempt
    seconds: dict[str, list[float]] = {way: [] for way in ways}

    for _ in range(MEASURED):  # in turn: whatever else the machine does slows both down
        for way, new_attempt in ways.items():
            monkeypatch.setattr(module, "_new_attempt", new_attempt)
            run, begun = due_run(agent), time.perf_counter()
            done = executed(run)
            seconds[way].append(time.perf_counter() - begun)
            assert (done.state, bool(done.trace_id)) == (RunState.SUCCEEDED, way == "traced")

    assert median(seconds["traced"]) - median(seconds["untraced"]) <= MOST_DELAY_SECONDS
    next(tracing, None)


@pytest.fixture
def _instrumented() -> Iterator[None]:
    """Celery as somebody's own instrumentation leaves it, inside a span of theirs."""
    provider = TracerProvider()
    instrumentor: Any = CeleryInstrumentor()  # type: ignore[no-untyped-call]  # it has no annotations
    instrumentor.instrument(tracer_provider=provider)
    with provider.get_tracer("theirs").start_as_current_span("theirs"):
        yield
    instrumentor.uninstrument()


@pytest.mark.usefixtures("_instrumented")
def test_no_message_carries_somebodys_trace() -> None:
    app: Celery = current_app
    app.send_task  # noqa: B018 - the instrumentation is at the signals
    (message,) = MessageTemplate(app, dispatch.EXECUTE_RUN).render([("run", 1)])

    assert not {"traceparent", "tracestate", "baggage"} & set(json.loads(message)["headers"])


@pytest.mark.usefixtures("_traced", "_instrumented")
def test_each_attempt_has_a_trace_of_its_own_inside_somebodys_span(
    agent: Agent, collector: Collector
) -> None:
    current = global_trace.get_current_span().get_span_context()
    assert current.is_valid

    runs = [executed(due_run(agent)) for _ in range(3)]

    traces = flushed(collector)
    assert set(traces) == {run.trace_id for run in runs}
    assert len(traces) == 3
    assert f"{current.trace_id:032x}" not in traces


def test_a_process_without_an_exporter_imports_nothing_of_the_sdk() -> None:
    program = (
        "import orqsite, django; django.setup(); import workers.execution, sys;"
        " print([name for name, module in sys.modules.items() if module and name.startswith('opentelemetry.sdk')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
