"""One attempt: claim, call the runtime under a lease, record. A call in flight holds no database connection."""

import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import structlog
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import DatabaseError, DataError, Error, IntegrityError, connection

from schedules.agents.fitting import check_fit
from schedules.agents.secret_settings import opened_headers
from schedules.database.clock import database_now, estimated_now
from schedules.errors import InvalidRequest
from schedules.models import RESPONSE_ID_LENGTH, Agent, RunState
from schedules.runs import claiming, finishing, handing_back, leases, transitions
from schedules.runs.claimed import Claimed
from schedules.runs.claiming import NotClaimed
from schedules.secrets import payloads
from schedules.secrets.sealing import unseal
from workers.heartbeat import heartbeat
from workers.masked_answer import masked_answer, masked_failure
from workers.runtimes import UnknownRuntime, runtime_for
from workers.runtimes.base import AgentCall, Answer, CallAborted, CallFailed, Endpoint, Firing
from workers.runtimes.http.proxies import proxy_for
from workers.stopping import stop
from workers.tracing import AttemptTrace, Call, new_attempt
from workers.tracing.facts import facts_of

log = structlog.get_logger(__name__)

LONGEST_PAUSE_SECONDS = 5.0
"""Between two offers of an outcome that could not be stored; a beat waits for longer, see workers/outages.py."""


class _Outcome(NamedTuple):
    """What an attempt has come to: the run's state now (empty: somebody else owns it), and a failure's code."""

    state: str
    reason: str = ""


def execute(run_id: str, generation: int) -> None:
    """Make one attempt of the run if it may be made now; losing a race is not an error, somebody else has it.

    With a trace, its id is in all events of the attempt.
    """
    trace = new_attempt()
    ids = {"trace_id": trace.trace_id} if trace.trace_id else {}
    with structlog.contextvars.bound_contextvars(**ids):
        _execute(run_id, generation, trace)


def _execute(run_id: str, generation: int, trace: AttemptTrace) -> None:
    if stop.is_due():
        log.info("run.not_claimed", run_id=run_id, reason="worker_stops")
        return
    lease_heartbeat = heartbeat()
    claimed_at = time.monotonic()
    claimed = claiming.claim(
        run_id, generation, lease_heartbeat.worker, None, lease_heartbeat.lease, trace.trace_id
    )
    connection.close()
    if isinstance(claimed, NotClaimed):
        if claimed is not NotClaimed.SATURATED:  # said once for the agent
            log.info("run.not_claimed", run_id=run_id, reason=str(claimed))
        return
    log.info("run.claimed", run_id=run_id, attempt=claimed.attempt, agent_key=claimed.agent.key)
    trace.claimed(lambda: facts_of(claimed))
    with lease_heartbeat.keeping_lease(claimed, claimed_at) as is_lost:
        outcome = _attempt(claimed, trace, is_lost)
    trace.ended(outcome.state, outcome.reason)


def _attempt(claimed: Claimed, trace: AttemptTrace, is_lost: Callable[[], bool]) -> _Outcome:
    try:
        answer = _call(claimed, trace, is_lost)
    except CallAborted as aborted:
        log.warning("run.aborted", run_id=claimed.run_id, attempt=claimed.attempt)
        is_stopped, response_id = not is_lost(), aborted.response_id
        with trace.record():
            return _finish(lambda: _hand_back(claimed, response_id) if is_stopped else _give_back(claimed))
    except CallFailed as failed:
        failure = failed
        with trace.record():
            return _record(claimed, lambda: _record_failure(claimed, masked_failure(failure, claimed)))
    with trace.record():
        return _record(claimed, lambda: _record_answer(claimed, masked_answer(answer, claimed)))


def _record(claimed: Claimed, outcome: Callable[[], _Outcome]) -> _Outcome:
    """An outcome that cannot be stored is a failure that says so; else the lease lapses and the agent runs again."""
    try:
        return _finish(outcome)
    except Exception as error:
        log.exception("run.outcome_unrecordable", run_id=claimed.run_id, attempt=claimed.attempt)
        failure = CallFailed("internal_error", f"Recording the outcome raised {type(error).__name__}")
        return _finish(lambda: _record_failure(claimed, failure))


def _give_back(claimed: Claimed) -> _Outcome:
    """An aborted run that is still ours after all must not wait for its lease to run out; attempts stay counted."""
    lost = CallFailed(leases.LOST, "The worker lost its lease during the call", is_retryable=True)
    return _Outcome(finishing.fail(claimed, lost, database_now()) or "", leases.LOST)


def _hand_back(claimed: Claimed, response_id: str | None) -> _Outcome:
    """This worker ends: another one goes on, at once, and no attempt is spent."""
    state = handing_back.hand_back(claimed, response_id, database_now())
    _report("run.handed_back" if state else "run.fenced", claimed)
    return _Outcome(state or "", handing_back.STOPPED)


def _call(claimed: Claimed, trace: AttemptTrace, is_lost: Callable[[], bool]) -> Answer:
    """The runtime's answer, told to the trace as well."""
    with trace.call() as call:
        try:
            answer = _answer(claimed, call, is_lost)
        except CallFailed as failure:
            call.failed(failure)
            raise
        call.answered(lambda: masked_answer(answer, claimed))
        return answer


def _answer(claimed: Claimed, call: Call, is_lost: Callable[[], bool]) -> Answer:
    """The runtime's answer; an error of ours is a failed attempt with a code, never a lost worker thread."""
    try:
        check_fit(claimed.agent, claimed.payload)
        runtime = runtime_for(claimed.agent.runtime)
        asked = _agent_call(claimed, call, is_lost)
        return runtime.call(asked, _endpoint(claimed.agent), lambda: is_lost() or stop.is_due())
    except (CallFailed, CallAborted):
        raise
    except (
        InvalidRequest,
        UnknownRuntime,
    ) as refusal:  # the agent's settings were changed after the schedule's
        raise CallFailed("invalid_endpoint", str(refusal)) from None
    except InvalidToken:
        raise CallFailed(
            "secret_unreadable", "No configured encryption key opens a secret of this run"
        ) from None
    except Exception as error:
        log.exception("run.crashed", run_id=claimed.run_id, attempt=claimed.attempt)
        raise CallFailed(
            "internal_error", f"The runtime raised {type(error).__name__}", is_retryable=True
        ) from None


def _agent_call(claimed: Claimed, call: Call, is_lost: Callable[[], bool]) -> AgentCall:
    payload = payloads.opened(claimed.payload)
    return AgentCall(
        run_id=claimed.run_id,
        attempt=claimed.attempt,
        agent_key=claimed.agent.key,
        agent_tag=claimed.agent_tag,
        input=payload.get("input"),
        variables=payload.get("variables", {}),
        metadata=payload.get("metadata", {}),
        memory_entity_id=payload.get("memory_entity_id"),
        idempotency_key=claimed.idempotency_key,
        firing=_firing(claimed),
        trace_headers=call.headers,
        note=call.note,
        observe=call.observe,
        is_cancelled=lambda: _is_cancelled(claimed),
        response_id=claimed.response_id,
        is_handed_over=lambda: not is_lost(),
    )


def _is_cancelled(claimed: Claimed) -> bool:
    """Asked when the call was aborted; a database that is away cannot tell, and the work may be of use."""
    try:
        return transitions.is_cancelled(claimed.run_id)
    except DatabaseError:
        return False
    finally:
        connection.close()


def _firing(claimed: Claimed) -> Firing:
    occasion = claimed.occasion
    return Firing(
        schedule_id=claimed.schedule_id,
        display_name=occasion.display_name,
        generation=occasion.generation,
        trigger=occasion.trigger,
        fire_time=occasion.fire_time,
        due_at=occasion.due_at,
    )


def _endpoint(agent: Agent) -> Endpoint:
    return Endpoint(
        base_url=agent.base_url,
        path=agent.path,
        credential_header=agent.credential_header or None,
        credential=_clear(agent.sealed_credential) or None,
        connect_timeout=agent.connect_timeout,
        read_timeout=agent.read_timeout,
        total_timeout=agent.total_timeout,
        max_response_bytes=agent.max_response_bytes,
        dialect=agent.dialect,
        model=agent.model,
        extra_body=deepcopy(agent.extra_body) if agent.extra_body else {},  # the agent's stays as it is read
        extra_headers=opened_headers(agent.extra_headers),
        background=agent.background,
        stream=agent.stream,
        signing_secrets=tuple(map(unseal, agent.sealed_signing_secrets)),
        ca_pem=agent.ca_pem,
        client_pem=_client_pem(agent),
        proxy=proxy_for(agent.base_url, settings.ORQ.agent_proxy.get_secret_value()),
    )


def _client_pem(agent: Agent) -> str:
    """Certificate and key in one text; empty without them."""
    if not agent.sealed_client_key:
        return ""
    return f"{agent.client_certificate_pem.rstrip()}\n{unseal(agent.sealed_client_key)}"


def _clear(sealed: str) -> str:
    return unseal(sealed) if sealed else ""


def _record_answer(claimed: Claimed, answer: Answer) -> _Outcome:
    is_ours = finishing.succeed(
        claimed.run_id,
        claimed.attempt,
        None,
        response_id=(answer.response_id or "")[:RESPONSE_ID_LENGTH],
        **finishing.outcome_of(answer),
        **finishing.spent_by(answer, claimed.agent, estimated_now()),
    )
    _report("run.succeeded" if is_ours else "run.fenced", claimed)
    return _Outcome(RunState.SUCCEEDED if is_ours else "")


def _record_failure(claimed: Claimed, failure: CallFailed) -> _Outcome:
    state = finishing.fail(claimed, failure, database_now())
    _report("run.attempt_failed" if state else "run.fenced", claimed, code=failure.code, state=state)
    return _Outcome(state or "", failure.code)


def _report(event: str, claimed: Claimed, **fields: Any) -> None:
    log.info(event, run_id=claimed.run_id, attempt=claimed.attempt, **fields)


def _finish(record: Callable[[], _Outcome]) -> _Outcome:
    """Record the outcome; as long as this process lives it is offered again, while the database takes no writes.

    The agent's work must not be lost to an outage, a failover or a mistaken right. Only what no database would ever
    take is an error.
    """
    pause = 0.2
    while True:
        try:
            return record()
        except (DataError, IntegrityError):
            raise
        except Error as error:
            log.warning("run.finish_delayed", error=type(error).__name__, pause_seconds=pause)
        finally:
            connection.close()
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
