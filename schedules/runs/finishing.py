"""An attempt has ended: its answer or its failure is recorded, if the worker still owns the run."""

import random
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from django.db import connection
from django.db.models import Field

from schedules.database.choice import is_postgresql
from schedules.database.clock import database_now
from schedules.database.cursors import server_bound_cursor
from schedules.models import Run, RunState
from schedules.runs import retries
from schedules.runs.claimed import Claimed
from schedules.runs.transitions import LEASE_ENDED, move, return_to_pending


class Failure(Protocol):
    """How an attempt failed; the runtimes' CallFailed is one."""

    code: str
    message: str
    is_retryable: bool
    retry_after: timedelta | None
    response_id: str | None


def succeed(run_id: str, attempt: int, now: datetime | None, **outcome: Any) -> bool:
    """The attempt's answer is the run's result; False: somebody else owns the run now, nothing changed.

    `now`: None is the database's clock. `outcome`: response_id, output, output_text, usage, trace_id.
    """
    has_clock = is_postgresql()
    facts = {"state": RunState.SUCCEEDED, "error_code": "", "error_message": "", **outcome, **LEASE_ENDED}
    values = [_fields()[name].get_db_prep_save(value, connection) for name, value in facts.items()]
    columns = ", ".join(f"{name} = %s" for name in facts)
    moment = "coalesce(%s, statement_timestamp())" if has_clock else "%s"
    finished_at = connection.ops.adapt_datetimefield_value(now if has_clock else now or database_now())
    statement = (  # Django takes longer to put an UPDATE together than PostgreSQL to carry it out
        f"UPDATE schedules_run SET {columns}, finished_at = {moment}"  # noqa: S608 - names of our own
        " WHERE id = %s AND attempt = %s AND state = %s"
    )
    with server_bound_cursor(is_prepared=True) if has_clock else connection.cursor() as cursor:
        cursor.execute(statement, [*values, finished_at, run_id, attempt, RunState.RUNNING.value])
        return bool(cursor.rowcount)


@cache
def _fields() -> "dict[str, Field[Any, Any]]":
    return {field.attname: field for field in Run._meta.concrete_fields}


def fail(claimed: Claimed, failure: Failure, now: datetime) -> RunState | None:
    """Record a failed attempt: back to pending while attempts remain and it makes sense, else failed.

    The state the run has now; None: somebody else owns the run, nothing changed.
    """
    retry_at = _retry_at(claimed, failure, now) if failure.is_retryable else None
    facts: dict[str, Any] = {
        "error_code": failure.code,
        "error_message": failure.message,
        "response_id": failure.response_id or "",
    }
    owned = Run.objects.owned(claimed.run_id, claimed.attempt)
    if retry_at is not None:
        return RunState.PENDING if return_to_pending(owned, retry_at, **facts) else None
    facts |= {"reason": failure.code, **LEASE_ENDED}
    return RunState.FAILED if move(owned, RunState.FAILED, finished_at=now, **facts) else None


def _retry_at(claimed: Claimed, failure: Failure, now: datetime) -> datetime | None:
    agent = claimed.agent
    policy = retries.RetryPolicy(claimed.max_attempts, agent.retry_base, agent.retry_cap)
    return retries.next_attempt_at(policy, claimed.attempt, now, random.random(), failure.retry_after)  # noqa: S311
