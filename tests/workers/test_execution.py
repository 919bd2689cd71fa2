"""One attempt, from the claim to the record, against a real agent server."""

import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import InterfaceError, InternalError, OperationalError, ProgrammingError, connection
from pydantic import SecretStr
from pytest_django import Settings

from schedules import agents, editing
from schedules.database.clock import database_now
from schedules.models import Agent, AuditResult, Run, RunState, Schedule
from schedules.runs import claiming, finishing, leases, transitions
from schedules.runs.claimed import Claimed
from schedules.secrets.masking import MASK
from tests.agent_server import AgentServer, Behaviour
from tests.certificates import self_signed
from tests.factories import make_agent, make_run, make_schedule
from tests.waiting import wait_for
from tests.workers.runtimes.http.proxy_server import proxying
from workers import execution
from workers.heartbeat import Heartbeat, heartbeat
from workers.tasks import audit_ledger, execute_run, prune_history
from workers.tracing import NotTraced

CERTIFICATE, KEY = self_signed()
NEWEST, OLDER = (f"whsec_{b64encode(bytes([number]) * 24).decode()}" for number in (1, 2))

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[AgentServer]:
    with AgentServer() as running:
        yield running


@pytest.fixture
def agent(server: AgentServer) -> Agent:
    return make_agent(runtime="responses", base_url=server.url)


def pending_run(agent: Agent, **schedule: Any) -> Run:
    now = database_now()
    return make_run(make_schedule(agent, now=now, **schedule), not_before=now)


def executed(run: Run) -> Run:
    execute_run(run.id, run.generation)
    return Run.objects.get(id=run.id)


def posts(server: AgentServer) -> list[dict[str, Any]]:
    return [call for call in server.calls() if call.get("method") == "POST"]


def test_a_run_reaches_its_agent_and_keeps_the_answer(server: AgentServer, agent: Agent) -> None:
    agents.set_credential(agent, "Bearer agent-key")
    agents.add_version(agent, "v2")
    run = pending_run(
        agent,
        agent_tag="v2",
        payload={
            "input": "Hello {{name}}",
            "variables": {"name": {"secret": True, "value": "Ada Lovelace"}},
            "metadata": {"n": 1},
            "memory_entity_id": "m-1",
        },
    )

    done = executed(run)

    assert (done.state, done.attempt, done.error_code) == (RunState.SUCCEEDED, 1, "")
    assert done.response_id
    assert "Ada" not in repr(Run.objects.values().get())
    (call,) = posts(server)
    assert call["body"]["model"] == "agent/digest@v2"
    assert call["body"]["variables"] == {"name": {"secret": True, "value": "Ada Lovelace"}}
    assert (call["body"]["metadata"], call["body"]["memory"]) == ({"n": "1"}, {"entity_id": "m-1"})
    headers = call["headers"]
    assert (headers["idempotency-key"], headers["x-run-attempt"]) == (run.id, "1")
    assert headers["authorization"] == "Bearer agent-key"


def test_a_failed_attempt_is_made_again_with_the_same_key_and_body(server: AgentServer, agent: Agent) -> None:
    server.script("digest", Behaviour(status=503), Behaviour())
    run = pending_run(agent, payload={"input": "one"})

    waiting = executed(run)
    editing.update(run.schedule_id, {"payload": {"input": "two"}}, "apk_x", database_now())
    Run.objects.update(not_before=database_now())
    done = executed(run)

    assert (waiting.state, waiting.error_code) == (RunState.PENDING, "agent_http_error")
    assert (done.state, done.attempt) == (RunState.SUCCEEDED, 2)
    first, second = posts(server)
    assert first["body"] == second["body"]
    assert first["headers"]["idempotency-key"] == second["headers"]["idempotency-key"] == run.id
    assert second["headers"]["x-run-attempt"] == "2"


def test_a_client_error_of_the_agent_is_final(server: AgentServer, agent: Agent) -> None:
    server.script("digest", Behaviour(status=404))

    done = executed(pending_run(agent))

    assert (done.state, done.attempt, len(posts(server))) == (RunState.FAILED, 1, 1)


def test_an_agent_that_is_silent_is_called_once_however_many_attempts_there_are(
    server: AgentServer, agent: Agent
) -> None:
    """It may still be at work, and every further call would be paid for as well."""
    Agent.objects.update(max_attempts=3, read_timeout=timedelta(seconds=0.4))
    server.script("digest", Behaviour(delay=30))

    done = executed(pending_run(agent))
    Run.objects.update(not_before=database_now())
    again = executed(done)

    assert (done.state, done.reason, done.error_code) == (RunState.FAILED, "agent_timeout", "agent_timeout")
    assert (done.attempt, done.max_attempts) == (1, 3)
    assert again.state == RunState.FAILED
    assert len(posts(server)) == 1


def test_an_agent_that_asks_for_two_hours_is_left_alone_for_two_hours(
    server: AgentServer, agent: Agent
) -> None:
    server.script("digest", Behaviour(status=429, headers={"Retry-After": "7200"}), Behaviour())
    before = database_now()

    waiting = executed(pending_run(agent))
    early = executed(waiting)

    assert (waiting.state, waiting.error_code) == (RunState.PENDING, "agent_http_error")
    two_hours = timedelta(hours=2)
    assert before + two_hours <= waiting.not_before <= database_now() + two_hours
    assert (early.state, len(posts(server))) == (RunState.PENDING, 1)


def test_an_agent_that_says_it_failed_has_failed_with_its_error(server: AgentServer, agent: Agent) -> None:
    server.script(
        "digest", Behaviour(outcome="failed", error={"code": "no_quota", "message": "Budget used up"})
    )

    done = executed(pending_run(agent))

    assert (done.state, done.error_code) == (RunState.FAILED, "agent_failed")
    assert "Budget used up" in done.error_message


def test_a_run_that_may_not_start_reaches_nobody(server: AgentServer, agent: Agent) -> None:
    run = pending_run(agent)
    editing.update(run.schedule_id, {"expression": "0 0 10 * * *"}, "apk_x", database_now())

    done = executed(run)

    assert (done.state, done.reason) == (RunState.DISCARDED, "stale_generation")
    assert posts(server) == []


@pytest.mark.parametrize("message", [("unknown", 1), (5, 1), (None, None), ("x", "1"), ("x", True), ([], {})])
def test_a_forged_message_starts_nothing(message: tuple[Any, Any]) -> None:
    execute_run(*message)

    assert not Run.objects.exists()


def test_an_error_that_repeats_a_secret_is_kept_without_it(server: AgentServer, agent: Agent) -> None:
    server.script("digest", Behaviour(outcome="failed", error={"code": "x", "message": "no key s3cr3t here"}))
    run = pending_run(
        agent, payload={"input": "Hi", "variables": {"key": {"secret": True, "value": "s3cr3t"}}}
    )

    done = executed(run)

    assert done.state == RunState.FAILED
    assert "s3cr3t" not in done.error_message


def test_a_secret_no_key_opens_fails_the_run_and_calls_nobody(server: AgentServer, agent: Agent) -> None:
    run = pending_run(
        agent, payload={"input": "Hi", "variables": {"key": {"secret": True, "value": "s3cr3t"}}}
    )
    sealed = {"variables": {"key": {"secret": True, "sealed": "gAAAAA-broken"}}}
    Schedule.objects.update(payload=sealed)

    done = executed(run)

    assert (done.state, done.error_code) == (RunState.FAILED, "secret_unreadable")
    assert posts(server) == []


@pytest.mark.postgresql
def test_calls_in_flight_hold_no_database_connections(
    server: AgentServer, agent: Agent, settings: Settings
) -> None:
    """More calls at once than the process may have connections: if each kept one, some could not begin."""
    count = settings.ORQ.database_pool_size + 5
    server.script("digest", Behaviour(delay=3.0))
    in_flight = [pending_run(agent) for _ in range(count)]
    workers = [threading.Thread(target=executed_in_thread, args=(run, [])) for run in in_flight]

    for worker in workers:
        worker.start()
    wait_for(lambda: len(posts(server)) == count, seconds=2.5, what="all calls at once")
    for worker in workers:
        worker.join()

    assert Run.objects.filter(state=RunState.SUCCEEDED).count() == count


def executed_in_thread(run: Run, seen: list[str]) -> None:
    seen.append(executed(run).state)
    connection.close()


def test_a_run_cancelled_in_flight_is_aborted_and_stays_cancelled(
    server: AgentServer, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    quick = Heartbeat(timedelta(milliseconds=100), timedelta(seconds=5))
    monkeypatch.setattr(execution, "heartbeat", lambda: quick)
    server.script("digest", Behaviour(delay=30))
    run = pending_run(agent)
    worker = threading.Thread(target=executed_in_thread, args=(run, seen))

    worker.start()
    wait_for(lambda: posts(server), what="the call")
    assert transitions.cancel(run.id, database_now())
    worker.join(timeout=5)

    assert not worker.is_alive()
    assert seen == [RunState.CANCELLED]


def test_a_call_longer_than_the_lease_keeps_its_run(
    server: AgentServer, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    quick = Heartbeat(timedelta(milliseconds=200), timedelta(seconds=1))
    monkeypatch.setattr(execution, "heartbeat", lambda: quick)
    server.script("digest", Behaviour(delay=2.5))
    run = pending_run(agent)
    worker = threading.Thread(target=executed_in_thread, args=(run, seen))

    worker.start()
    recovered = 0
    while worker.is_alive():
        recovered += leases.take_back_expired(database_now(), 10)
        worker.join(timeout=0.05)

    assert (recovered, seen) == (0, [RunState.SUCCEEDED])


def test_a_heartbeat_that_cannot_reach_the_database_loses_its_leases_in_time(agent: Agent) -> None:
    silent = Heartbeat(timedelta(hours=1), timedelta(milliseconds=200))
    claimed = claiming.claim(pending_run(agent).id, 1, silent.worker, database_now(), silent.lease)
    assert isinstance(claimed, Claimed)

    with silent.keeping_lease(claimed, claimed_at=0.0) as is_lost:
        assert is_lost()


def test_a_lost_lease_is_not_revived(agent: Agent) -> None:
    """Its slot may be another call's by now."""
    slow = Heartbeat(timedelta(hours=1), timedelta(seconds=15))
    claimed = claiming.claim(pending_run(agent).id, 1, slow.worker, database_now(), slow.lease)
    assert isinstance(claimed, Claimed)

    with slow.keeping_lease(claimed, claimed_at=0.0) as is_lost:
        slow.renew()
        assert is_lost()

    assert Run.objects.get().lease_expires_at == claimed.lease_expires_at


@pytest.mark.parametrize(("max_attempts", "state"), [(2, RunState.PENDING), (1, RunState.FAILED)])
def test_an_aborted_run_that_is_still_ours_is_given_back_while_attempts_remain(
    server: AgentServer, agent: Agent, monkeypatch: pytest.MonkeyPatch, max_attempts: int, state: RunState
) -> None:
    silent = Heartbeat(timedelta(hours=1), timedelta(seconds=0.5))
    monkeypatch.setattr(execution, "heartbeat", lambda: silent)
    Agent.objects.update(max_attempts=max_attempts)
    server.script("digest", Behaviour(delay=30))

    done = executed(pending_run(agent))

    assert (done.state, done.attempt, done.error_code) == (state, max_attempts, "worker_lost")


def test_a_heartbeat_outlives_any_error(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Heartbeat(timedelta(milliseconds=30), timedelta(seconds=15))
    claimed = claiming.claim(pending_run(agent).id, 1, quick.worker, database_now(), quick.lease)
    assert isinstance(claimed, Claimed)
    tries: list[int] = []

    def surprise(*_: object) -> None:
        tries.append(1)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(leases, "renew", surprise)
    with quick.keeping_lease(claimed, time.monotonic()):
        wait_for(lambda: len(tries) > 2, what="renewals after an error")


def test_a_lease_the_database_no_longer_grants_is_lost_at_once(agent: Agent) -> None:
    silent = Heartbeat(timedelta(hours=1), timedelta(seconds=15))
    claimed = claiming.claim(pending_run(agent).id, 1, silent.worker, database_now(), silent.lease)
    assert isinstance(claimed, Claimed)

    with silent.keeping_lease(claimed, time.monotonic()) as is_lost:
        assert not is_lost()
        transitions.cancel(claimed.run_id, database_now())
        silent.renew()
        assert is_lost()


def test_a_lease_that_was_lost_once_stays_lost(agent: Agent) -> None:
    silent = Heartbeat(timedelta(hours=1), timedelta(seconds=15))
    claimed = claiming.claim(pending_run(agent).id, 1, silent.worker, database_now(), silent.lease)
    assert isinstance(claimed, Claimed)

    with silent.keeping_lease(claimed, time.monotonic() - 16) as is_lost:
        assert is_lost()
        silent.renew()
        assert is_lost()


def test_an_answer_that_grows_by_masking_is_still_recorded(server: AgentServer, agent: Agent) -> None:
    telemetry = {"trace_id": "00aa1" * 12, "span_id": "1" * 16}
    server.script("digest", Behaviour(merge={"telemetry": telemetry}))

    variables = {"pin": {"secret": True, "value": "00aa"}}

    done = executed(pending_run(agent, payload={"input": "Hi", "variables": variables}))

    assert (done.state, len(posts(server))) == (RunState.SUCCEEDED, 1)
    assert done.agent_trace_id == (f"{MASK}1" * 12)[:64]


def test_an_outcome_that_cannot_be_recorded_fails_the_run_and_calls_nobody_again(
    server: AgentServer, agent: Agent
) -> None:
    run = pending_run(agent)
    Schedule.objects.update(payload={"input": "Hi", "variables": {"key": {"secret": True}}})

    done = executed(run)

    assert (done.state, done.error_code) == (RunState.FAILED, "internal_error")
    assert posts(server) == []


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, InternalError, ProgrammingError])
def test_an_answer_is_offered_until_the_database_takes_it(
    server: AgentServer, agent: Agent, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """A database that is away, read-only, being migrated, or lacks a right for a while."""
    run = pending_run(agent)
    succeed, offers = finishing.succeed, []

    def not_yet(*values: Any, **outcome: Any) -> bool:
        offers.append(values)
        if len(offers) <= 6:
            raise error
        return succeed(*values, **outcome)

    monkeypatch.setattr(finishing, "succeed", not_yet)
    monkeypatch.setattr(execution, "LONGEST_PAUSE_SECONDS", 0.01)
    done = executed(run)

    assert (done.state, done.attempt, len(offers)) == (RunState.SUCCEEDED, 1, 7)
    assert len(posts(server)) == 1


def claimed_run(agent: Agent, **schedule: Any) -> Claimed:
    keeper = heartbeat()
    run = pending_run(agent, **schedule)
    claimed = claiming.claim(run.id, 1, keeper.worker, None, keeper.lease)
    assert isinstance(claimed, Claimed)
    return claimed


def test_a_runtime_is_told_every_setting_of_the_agent_in_clear(agent: Agent, settings: Settings) -> None:
    settings.ORQ = settings.ORQ.model_copy(
        update={"agent_proxy": SecretStr("http://me:pr0xy-key@proxy:3128")}
    )
    changes: agents.AgentChanges = {
        "dialect": "openai",
        "model": "gpt-5",
        "credential": "Bearer agent-key",
        "extra_body": {"instructions": "Be brief"},
        "extra_headers": {"X-Key": {"secret": True, "value": "h3ad3r"}, "X-Team": "growth"},
        "background": True,
        "stream": True,
        "read_timeout": timedelta(seconds=7),
        "max_response_bytes": 12_345,
        "ca_pem": CERTIFICATE,
        "client_certificate_pem": CERTIFICATE,
        "client_key_pem": KEY,
        "signing_secrets": [NEWEST, OLDER],
    }
    agents.update(agent.id, changes, may_change_origin=True)

    endpoint = execution._endpoint(claimed_run(agent).agent)

    assert (endpoint.dialect, endpoint.model) == ("openai", "gpt-5")
    assert (endpoint.credential_header, endpoint.credential) == ("Authorization", "Bearer agent-key")
    assert endpoint.extra_body == {"instructions": "Be brief"}
    assert endpoint.extra_headers == {"X-Key": "h3ad3r", "X-Team": "growth"}
    assert (endpoint.background, endpoint.stream) == (True, True)
    assert (endpoint.read_timeout, endpoint.max_response_bytes) == (timedelta(seconds=7), 12_345)
    assert endpoint.signing_secrets == (NEWEST, OLDER)
    assert (endpoint.ca_pem, endpoint.client_pem) == (CERTIFICATE, f"{CERTIFICATE.rstrip()}\n{KEY}")
    assert endpoint.proxy == "http://me:pr0xy-key@proxy:3128"
    for secret in ("agent-key", "h3ad3r", NEWEST, KEY, "pr0xy-key"):
        assert secret not in repr(endpoint)


@pytest.mark.parametrize("setting", ["its URL", "environment"])
def test_a_run_reaches_an_agent_that_only_the_proxy_can_resolve(
    server: AgentServer, settings: Settings, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    hidden = server.url.replace("127.0.0.1", "agents.internal")
    with proxying(hosts={"agents.internal": "127.0.0.1"}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        given = proxy.url if setting == "its URL" else setting
        settings.ORQ = settings.ORQ.model_copy(update={"agent_proxy": SecretStr(given)})

        done = executed(pending_run(make_agent(runtime="responses", base_url=hidden)))

    assert (done.state, done.output_text) == (RunState.SUCCEEDED, "Hello")
    assert proxy.heads[0].startswith(f"POST {hidden}/v3/router/responses HTTP/1.1")
    assert len(posts(server)) == 1


def test_a_proxy_of_the_environment_is_not_used_unless_that_is_asked_for(
    server: AgentServer, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxying() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")

        done = executed(pending_run(agent))

    assert (done.state, len(posts(server)), proxy.heads) == (RunState.SUCCEEDED, 1, [])


def test_a_runtime_is_told_what_asked_for_the_run(agent: Agent) -> None:
    secret = {"secret": True, "value": "s3cr3t"}
    claimed = claimed_run(agent, display_name="Briefing", payload={"input": "Hi", "variables": {"k": secret}})

    with NotTraced().call() as traced:
        call = execution._agent_call(claimed, traced)

    assert call.variables == {"k": secret}
    assert "s3cr3t" not in repr(call)
    assert (call.idempotency_key, call.is_cancelled()) == (claimed.run_id, False)
    assert call.firing is not None
    assert (call.firing.schedule_id, call.firing.display_name) == (claimed.schedule_id, "Briefing")
    assert (call.firing.trigger, call.firing.generation, call.firing.fire_time) == ("manual", 1, None)
    transitions.cancel(claimed.run_id, database_now())
    assert call.is_cancelled()


def test_secrets_of_the_agents_settings_are_masked_in_what_it_says(server: AgentServer, agent: Agent) -> None:
    changes: agents.AgentChanges = {
        "extra_headers": {"X-Key": {"secret": True, "value": "Token h3ad3r"}},
        "signing_secrets": [NEWEST],
    }
    agents.update(agent.id, changes, may_change_origin=True)
    words = f"I was sent h3ad3r and {NEWEST}"
    server.script("digest", Behaviour(outcome="failed", error={"code": "x", "message": words}))

    done = executed(pending_run(agent))

    assert f"I was sent {MASK} and {MASK}" in done.error_message


def test_a_schedule_that_no_longer_fits_its_agent_fails_as_such_and_calls_nobody(
    server: AgentServer, picky: str
) -> None:
    agent = make_agent(runtime=picky, base_url=server.url, path="/loose")
    run = pending_run(agent, payload={"input": "Hi", "metadata": {"a": "b"}})
    agents.update(agent.id, {"dialect": "strict"}, may_change_origin=True)

    done = executed(run)

    assert (done.state, done.error_code, done.attempt) == (RunState.FAILED, "invalid_endpoint", 1)
    assert done.error_message == "this agent takes no metadata"
    assert posts(server) == []


def test_a_runtime_that_this_process_lacks_fails_the_run_with_its_name(agent: Agent) -> None:
    Agent.objects.update(runtime="elsewhere")

    done = executed(pending_run(agent))

    assert (done.state, done.error_code) == (RunState.FAILED, "invalid_endpoint")
    assert "elsewhere" in done.error_message


def test_a_stored_payload_without_an_input_goes_on(server: AgentServer, agent: Agent) -> None:
    run = pending_run(agent)
    Schedule.objects.update(payload={"metadata": {"a": "b"}})

    assert executed(run).state == RunState.SUCCEEDED


def test_one_process_has_one_heartbeat(settings: Settings) -> None:
    assert heartbeat() is heartbeat()
    assert heartbeat().lease == timedelta(seconds=settings.ORQ.lease_seconds)


def test_the_housekeeping_task_prunes(settings: Settings) -> None:
    assert prune_history() == 0


def test_the_housekeeping_task_audits() -> None:
    assert audit_ledger() == 0
    assert AuditResult.objects.get().is_clean
