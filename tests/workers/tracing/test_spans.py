"""An attempt as spans, seen at a collector behind the real exporter."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from structlog.testing import capture_logs

from tests.workers.tracing.collector import Collector, attributes_of
from workers.runtimes.base import Answer, CallFailed
from workers.tracing import AttemptFacts, start
from workers.tracing.export import DropReport, new_export
from workers.tracing.spans import TracedAttempt


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def traced(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Attempts whose spans have all arrived when `flush` returns."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    export = new_export()

    class Traced:
        def attempt(self) -> TracedAttempt:
            return TracedAttempt(export)

        def flush(self) -> None:
            assert export.provider.force_flush(5000)

    yield Traced()
    export.provider.shutdown()


def facts(**changes: Any) -> AttemptFacts:
    fields: dict[str, Any] = {
        "agent_key": "digest",
        "agent_version": "v2",
        "workspace": "acme",
        "schedule_id": "01KPN29WWKSK0VDPJNTKZPVNRB",
        "run_id": "01KPN29WWKSK0VDPJNTKZPVNRC",
        "trigger": "late",
        "attempt": 2,
        "generation": 3,
        "fire_time": datetime(2026, 6, 1, 9, tzinfo=UTC),
        "lateness": timedelta(seconds=1.5),
        "is_misfire": True,
        "provider": "orq",
        "address": "https://agents.example:8443/base",
    }
    return AttemptFacts(**{**fields, **changes})


ANSWER = Answer(
    response_id="resp_1",
    output=[{"text": "the-output"}],
    output_text="the-output",
    usage={"input_tokens": 7, "output_tokens": 3, "input_tokens_details": {"cached_tokens": 2}},
    trace_id=None,
    span_id=None,
    model="gpt-9",
)


def test_an_attempt_is_one_trace_with_three_children(traced: Any, collector: Collector) -> None:
    attempt = traced.attempt()
    attempt.claimed(facts)
    with attempt.call() as call:
        call.note("poll", {"number": 1})
        call.answered(lambda: ANSWER)
    with attempt.record():
        pass
    attempt.ended("succeeded", "")
    traced.flush()

    (trace,) = collector.traces().values()
    assert list(trace) == ["schedule.digest", "claim", "invoke_agent digest", "record"]
    root = trace["schedule.digest"]
    assert (root.trace_id.hex(), root.span_id.hex()) == (attempt.trace_id, attempt.trace_id[16:])
    assert root.kind == Span.SPAN_KIND_SERVER
    assert not root.parent_span_id
    assert {span.parent_span_id for span in trace.values() if span is not root} == {root.span_id}
    assert root.start_time_unix_nano == trace["claim"].start_time_unix_nano
    assert root.end_time_unix_nano >= trace["record"].end_time_unix_nano
    assert root.status.code == Status.STATUS_CODE_UNSET
    assert attributes_of(root) == {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "digest",
        "agent_schedules.schedule.id": "01KPN29WWKSK0VDPJNTKZPVNRB",
        "agent_schedules.run.id": "01KPN29WWKSK0VDPJNTKZPVNRC",
        "agent_schedules.workspace": "acme",
        "agent_schedules.trigger": "late",
        "agent_schedules.attempt": 2,
        "agent_schedules.generation": 3,
        "agent_schedules.fire_time": "2026-06-01T09:00:00Z",
        "agent_schedules.lateness_seconds": 1.5,
        "agent_schedules.is_misfire": True,
        "agent_schedules.run.state": "succeeded",
    }


def test_the_call_is_a_client_span_whose_context_the_agent_gets(traced: Any, collector: Collector) -> None:
    attempt = traced.attempt()
    attempt.claimed(facts)
    with attempt.call() as call:
        headers = call.headers
        call.observe("model", "agent/digest@v2")
        call.observe("http_status", 202)
        call.observe("http_status", 200)
        call.observe("of no convention", 1)
        call.note("poll", {"number": 1})
        call.answered(lambda: ANSWER)
    attempt.ended("succeeded", "")
    traced.flush()

    span = next(iter(collector.traces().values()))["invoke_agent digest"]
    assert span.kind == Span.SPAN_KIND_CLIENT
    version, trace_id, span_id, _ = headers["traceparent"].split("-")
    assert (version, trace_id, span_id) == ("00", attempt.trace_id, span.span_id.hex())
    assert "baggage" not in headers
    assert [event.name for event in span.events] == ["poll"]
    assert attributes_of(span) == {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "orq",
        "gen_ai.agent.name": "digest",
        "gen_ai.agent.version": "v2",
        "gen_ai.request.model": "agent/digest@v2",
        "server.address": "agents.example",
        "server.port": 8443,
        "http.response.status_code": 200,
        "gen_ai.response.id": "resp_1",
        "gen_ai.response.model": "gpt-9",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 2,
    }
    assert not any(b"the-output" in body for body in collector.bodies)


def test_the_usual_limits_hold(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4")
    monkeypatch.setenv("OTEL_SPAN_EVENT_COUNT_LIMIT", "2")
    traced = request.getfixturevalue("traced")

    attempt = traced.attempt()
    attempt.claimed(facts)
    with attempt.call() as call:
        for number in range(5):
            call.note("poll", {"number": number})
    attempt.ended("succeeded", "")
    traced.flush()

    span = next(iter(collector.traces().values()))["invoke_agent digest"]
    assert attributes_of(span)["gen_ai.agent.name"] == "dige"
    assert [event.attributes[0].value.int_value for event in span.events] == [3, 4]


@pytest.mark.parametrize(
    ("sampler", "argument", "is_sampled"),
    [("always_off", "", False), ("parentbased_traceidratio", "0", False), ("traceidratio", "1", True)],
)
def test_a_trace_is_told_if_the_sampler_wants_it(
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    sampler: str,
    argument: str,
    is_sampled: bool,
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", argument)
    traced = request.getfixturevalue("traced")

    attempt = traced.attempt()
    attempt.claimed(facts)
    with attempt.call() as call:
        flags = int(call.headers["traceparent"][-2:], 16)
    attempt.ended("succeeded", "")
    traced.flush()

    assert bool(flags & 1) is is_sampled
    assert len(collector.spans) == (3 if is_sampled else 0)


def test_a_span_that_cannot_be_made_fails_no_attempt(
    traced: Any, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("opentelemetry.sdk.trace.ReadableSpan.__init__")  # as an upgrade may

    attempt = traced.attempt()
    attempt.claimed(facts)
    with capture_logs() as logs:
        attempt.ended("succeeded", "")
    traced.flush()

    assert [entry["event"] for entry in logs] == ["trace.span_not_made"]
    assert collector.spans == []


def test_a_failure_is_an_error_with_its_code_and_without_its_words(traced: Any, collector: Collector) -> None:
    attempt = traced.attempt()
    attempt.claimed(facts)
    with attempt.call() as call:
        call.failed(CallFailed("agent_http_error", "the words of the agent", http_status=503))
    attempt.ended("pending", "agent_http_error")
    traced.flush()

    trace = next(iter(collector.traces().values()))
    for span in (trace["schedule.digest"], trace["invoke_agent digest"]):
        assert span.status.code == Status.STATUS_CODE_ERROR
        assert attributes_of(span)["error.type"] == "agent_http_error"
        assert not span.events
    assert attributes_of(trace["invoke_agent digest"])["http.response.status_code"] == 503
    assert not any(b"the words" in body for body in collector.bodies)


def test_it_is_linked_to_what_asked_for_it_and_never_its_child(traced: Any, collector: Collector) -> None:
    request = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    attempt = traced.attempt()
    attempt.claimed(lambda: facts(links=(request, "nonsense")))
    attempt.ended("succeeded", "")
    traced.flush()

    root = next(iter(collector.traces().values()))["schedule.digest"]
    assert [(link.trace_id.hex(), link.span_id.hex()) for link in root.links] == [
        ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    ]
    assert root.trace_id.hex() != "0af7651916cd43dd8448eb211c80319c"


def test_no_trace_is_made_of_a_claim_that_was_refused(traced: Any, collector: Collector) -> None:
    traced.attempt().ended("", "")
    traced.flush()

    assert collector.spans == []


def test_nothing_is_traced_unless_an_exporter_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER"):
        monkeypatch.delenv(name, raising=False)

    assert start() is False
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert start() is False
    monkeypatch.setenv("OTEL_SDK_DISABLED", "false")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    assert start() is False


def test_dropped_spans_are_counted_and_said_once_a_minute() -> None:
    report = DropReport()
    full = logging.LogRecord("x", logging.WARNING, "x", 1, "Queue full, dropping %s.", ("Span",), None)
    other = logging.LogRecord("x", logging.WARNING, "x", 1, "Exception while exporting", (), None)

    with capture_logs() as logs:
        shown = [report.filter(full) for _ in range(5)]

    assert shown == [False] * 5
    assert report.filter(other) is True
    assert [(entry["event"], entry["count"]) for entry in logs] == [("trace.spans_dropped", 1)]
