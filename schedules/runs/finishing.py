"""An attempt has ended: its answer or its failure is recorded, if the worker still owns the run."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import connection, transaction

from schedules.database.choice import is_postgresql
from schedules.database.clock import database_now, estimated_now, latest_plausible
from schedules.database.cursors import server_bound_cursor
from schedules.limits.saturation import was_a_workspace_full
from schedules.models import Agent, Run, RunState
from schedules.runs import attempts, retries, ringing
from schedules.runs.claimed import Claimed
from schedules.runs.transitions import LEASE_ENDED, move, return_to_pending
from schedules.tallies import spending

TIMED_OUT = "agent_timeout"
"""Why a run fails whose agent was silent as often as it may be."""

_NOT_CALLED_AGAIN = "not called again, because the agent may still be at work (max_silent_attempts)"

NO_OUTCOME: Mapping[str, Any] = {
    "response_id": "",
    "output": None,
    "output_types": None,
    "output_text": "",
    "usage": None,
    "agent_trace_id": "",
    **spending.NOTHING,
}
"""The columns of an answer, in the order of the statement that every success is."""

_JSON = ("output", "output_types", "usage")

_ANOTHER_WAITS = (
    "(SELECT 1 FROM schedules_run AS other WHERE other.state = 'pending'"
    " AND other.workspace_id = schedules_run.workspace_id AND other.agent_id = schedules_run.agent_id"
    " AND other.redispatch_at <= schedules_run.finished_at"
    " ORDER BY other.redispatch_at LIMIT 1)"  # the order keeps a plan from reading the table in hope of an early hit
)
"""Whether a due run of the same agent has no message under way: it may wait for the slot that is free now."""

_SUCCEED = (  # Django takes longer to put an UPDATE together than PostgreSQL to carry it out
    "UPDATE schedules_run SET state = 'succeeded', lease_expires_at = NULL,"  # noqa: S608 - names of our own
    f" error_code = '', error_message = '', {', '.join(f'{name} = %s' for name in NO_OUTCOME)}, finished_at = %s"
    " WHERE id = %s AND attempt = %s AND state = %s"
    f" RETURNING {_ANOTHER_WAITS}, agent_id"
)
_SUCCEED_NOW = _SUCCEED.replace(  # the answer is kept whatever the database's clock shows
    "finished_at = %s",
    "finished_at = CASE WHEN statement_timestamp() <= %s THEN statement_timestamp() ELSE %s END",
)

MOST_OUTPUT_TYPES, LONGEST_OUTPUT_TYPE = 20, 64


class Answer(Protocol):
    """What came with a failure, a refusal's text for one; the runtimes' Answer is one."""

    @property
    def output(self) -> Any: ...
    @property
    def output_text(self) -> str: ...
    @property
    def usage(self) -> dict[str, Any] | None: ...
    @property
    def trace_id(self) -> str | None: ...
    @property
    def model(self) -> str | None: ...


class Failure(Protocol):
    """How an attempt failed; the runtimes' CallFailed is one."""

    code: str
    message: str
    is_retryable: bool
    is_silent: bool
    retry_after: timedelta | None
    response_id: str | None
    http_status: int | None

    @property
    def answer(self) -> Answer | None: ...


def succeed(run_id: str, attempt: int, now: datetime | None, **outcome: Any) -> bool:
    """The attempt's answer is the run's result; False: somebody else owns the run now, nothing changed.

    `now`: None is the database's clock. `outcome`: response_id, and what `outcome_of` and `spent_by` give.
    """
    has_clock = is_postgresql()
    answer = {**NO_OUTCOME, **outcome}
    for name in _JSON:
        if answer[name] is not None:
            answer[name] = connection.ops.adapt_json_value(answer[name], None)
    moments = _moments(now)
    values = [*answer.values(), *moments, run_id, attempt, RunState.RUNNING.value]
    with server_bound_cursor(is_prepared=True) if has_clock else connection.cursor() as cursor:
        cursor.execute(_SUCCEED if len(moments) == 1 else _SUCCEED_NOW, values)
        ended = cursor.fetchone()
    if ended is not None and (ended[0] or was_a_workspace_full()):
        ringing.ring(ended[1])
    return ended is not None


def _moments(now: datetime | None) -> list[Any]:
    """When the run finished; of the server's own time, the latest that is believed, and what is noted instead."""
    if now is not None or not is_postgresql():
        return [connection.ops.adapt_datetimefield_value(now or database_now())]
    return [latest_plausible(), estimated_now()]


def outcome_of(answer: Answer) -> dict[str, Any]:
    """What a run keeps of an answer, but for the response's id: columns and their values."""
    return {
        "output": answer.output,
        "output_types": output_types(answer.output),
        "output_text": answer.output_text,
        "usage": answer.usage,
        "agent_trace_id": (answer.trace_id or "")[:64],
    }


def spent_by(answer: Answer, agent: Agent, now: datetime) -> Mapping[str, int | None]:
    """What a run keeps of its tokens and their cost: columns and their values. `now`: which prices hold."""
    return spending.spent(answer.usage, answer.model, agent, now)


def output_types(output: Any) -> list[str] | None:
    """What kinds of items the output holds, each once, in order of appearance; None where there are none."""
    if not isinstance(output, list):
        return None
    kinds = (item.get("type") for item in output if isinstance(item, dict))
    distinct = dict.fromkeys(kind[:LONGEST_OUTPUT_TYPE] for kind in kinds if isinstance(kind, str))
    return list(distinct)[:MOST_OUTPUT_TYPES] or None


def fail(claimed: Claimed, failure: Failure, now: datetime) -> RunState | None:
    """Record a failed attempt: back to pending while attempts remain and it makes sense, else failed.

    An attempt that ended in silence is not repeated once the agent has used up how many may: it may still be at
    work. The state the run has now; None: somebody else owns the run, nothing changed.
    """
    silent_count = claimed.silent_count + failure.is_silent
    is_too_silent = failure.is_silent and silent_count >= claimed.agent.max_silent_attempts
    retry_at = _retry_at(claimed, failure, now) if failure.is_retryable and not is_too_silent else None
    facts = {
        "error_code": failure.code,
        "error_message": failure.message,
        "response_id": failure.response_id or "",
    }
    owned = Run.objects.owned(claimed.run_id, claimed.attempt)
    if retry_at is not None:
        return _try_again(claimed, facts, silent_count, retry_at, now)
    if is_too_silent:
        facts |= {"error_code": TIMED_OUT, "error_message": f"{failure.message}; {_NOT_CALLED_AGAIN}"}
    answered = _answered(failure.answer, claimed.agent, now) if failure.answer is not None else {}
    ended = {
        "reason": facts["error_code"],
        "http_status": failure.http_status,
        "finished_at": now,
        "silent_count": silent_count,
        **LEASE_ENDED,
    }
    if not move(owned, RunState.FAILED, **facts, **answered, **ended):
        return None
    ringing.ring(claimed.agent.id)
    return RunState.FAILED


def _answered(answer: Answer, agent: Agent, now: datetime) -> dict[str, Any]:
    return {**outcome_of(answer), **spent_by(answer, agent, now)}


@transaction.atomic
def _try_again(
    claimed: Claimed, facts: dict[str, str], silent_count: int, retry_at: datetime, now: datetime
) -> RunState | None:
    owned = Run.objects.owned(claimed.run_id, claimed.attempt)
    if not return_to_pending(owned, retry_at, silent_count=silent_count, **facts):
        return None
    attempts.keep_failed(claimed, facts, now)
    ringing.ring(claimed.agent.id)
    return RunState.PENDING


def _retry_at(claimed: Claimed, failure: Failure, now: datetime) -> datetime | None:
    agent = claimed.agent
    policy = retries.RetryPolicy(agent.max_attempts, agent.retry_base, agent.retry_cap)
    failed_count = claimed.attempt - claimed.stopped_count
    return retries.next_attempt_at(policy, failed_count, now, random.random(), failure.retry_after)  # noqa: S311
