"""Two secrets with values found nowhere else: after everything was done with them, only their agent knows them."""

from collections.abc import Iterator

import pytest
import redis
import structlog
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from orqsite.broker import QUEUE
from schedules.messages import dispatch
from schedules.models import Delivery
from tests.agent_server import AgentServer
from tests.api.caller import Caller, run_path
from tests.canaries.endpoints import EndpointJourney
from tests.canaries.evidence import (
    CREDENTIAL,
    ROUTING_KEY,
    VARIABLE,
    Evidence,
    logs_at_debug,
    messages,
    rows,
)
from tests.canaries.journey import Journey
from tests.factories import make_run, make_schedule, make_token
from tests.workers.delivering.receiver import Receiver
from tests.workers.tracing.collector import Collector
from tests.workers.tracing.traced import traced_to
from workers.tracing import export

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[AgentServer]:
    with AgentServer() as running:
        yield running


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Where the spans of this process's attempts go."""
    with Collector() as running:
        for _ in traced_to(running.url, monkeypatch):
            yield running


@pytest.mark.parametrize("line_format", ["json", "console"])
def test_only_the_agent_ever_sees_a_secret(
    server: AgentServer,
    browser: Client,
    settings: Settings,
    valkey: redis.Redis,
    collector: Collector,
    line_format: str,
) -> None:
    evidence = Evidence()

    with logs_at_debug(line_format) as logs:
        Journey(evidence, server, settings, browser).all()
    _add_what_is_kept(evidence, logs.getvalue(), valkey)
    assert export.flush()
    for body in collector.bodies:
        evidence.add("spans", body.decode("utf-8", "replace"))

    assert evidence.leaks() == set()
    assert {span.name for span in collector.spans} >= {"schedule.repeating", "invoke_agent repeating"}
    assert "run.attempt_failed" in logs.getvalue()
    assert 'INSERT INTO "schedules_run"' in logs.getvalue().replace('\\"', '"')
    sent = Evidence([("the agent", repr(server.calls()))])
    assert sent.leaks() == {("the agent", VARIABLE), ("the agent", CREDENTIAL)}


def test_only_the_receiver_ever_sees_the_secret_of_an_endpoint(
    receiver: Receiver, browser: Client, settings: Settings, valkey: redis.Redis
) -> None:
    settings.ORQ = settings.ORQ.model_copy(update={"pagerduty_url": receiver.url})
    evidence = Evidence()

    with logs_at_debug("json") as logs:
        EndpointJourney(evidence, receiver, browser).all()
    _add_what_is_kept(evidence, logs.getvalue(), valkey)

    assert evidence.leaks() == set()
    assert len(evidence.canaries) == 4  # the signing secret, and the one after it
    assert Delivery.objects.filter(last_error="http_error").exists()
    assert Delivery.objects.filter(webhook__channel="slack", attempt_count__gt=0).exists()
    told = Evidence([("the receiver", repr(receiver.requests))], evidence.canaries)
    assert told.leaks() == {("the receiver", ROUTING_KEY)}


def test_a_leak_would_be_found_wherever_it_is(valkey: redis.Redis) -> None:
    evidence = Evidence()
    run = make_run(make_schedule(), output_text=f"it is {VARIABLE[:12]}… and {CREDENTIAL[-12:]}")
    dispatch.send_now([(VARIABLE, 1)])
    with logs_at_debug("json") as logs:
        structlog.get_logger("schedules.test").debug("run.claimed", token=CREDENTIAL)

    evidence.answer("API", Caller(make_token(run.schedule.workspace)).get(run_path(run)))
    _add_what_is_kept(evidence, logs.getvalue(), valkey)

    assert evidence.leaks() == {
        ("API", VARIABLE),
        ("API", CREDENTIAL),
        ("logs", CREDENTIAL),
        ("schedules_run", VARIABLE),
        ("schedules_run", CREDENTIAL),
        (repr(QUEUE.encode()), VARIABLE),
    }


def _add_what_is_kept(evidence: Evidence, logs: str, valkey: redis.Redis) -> None:
    evidence.add("logs", logs)
    for place, content in (*rows(), *messages(valkey)):
        evidence.add(place, content)
