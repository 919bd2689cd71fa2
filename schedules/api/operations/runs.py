"""How the operations on a schedule's runs are described in /openapi.json."""

from typing import Final

from schedules.api.documents import RunDocument, RunList
from schedules.api.examples import RETRY, RUN
from schedules.api.operations.describing import OF_RUN, OF_SCHEDULE, answer, errors, operation, repeatable
from schedules.api.queries import RunListQuery

LIST_RUNS: Final = operation(
    "list-agent-schedule-runs",
    "List runs",
    "Lists a page of the runs of a schedule, newest first. `from` and `to` refer to the instant at which a run "
    "was created (`created`), which manual runs have too.",
    parameters=[*OF_SCHEDULE, RunListQuery],
    responses={
        200: answer(RunList, "Runs listed.", {"runs": [RUN], "next_after": RUN["_id"]}),
        **errors("invalid_request_body", "schedule_not_found"),
    },
)
RETRIEVE_RUN: Final = operation(
    "retrieve-agent-schedule-run",
    "Retrieve run",
    "Returns one run of a schedule: its state, its attempts, and the agent's answer.",
    parameters=OF_RUN,
    responses={
        200: answer(RunDocument, "Run retrieved.", RUN),
        **errors("schedule_not_found", "run_not_found"),
    },
)
CANCEL_RUN: Final = operation(
    "cancel-agent-schedule-run",
    "Cancel run",
    "Cancels a pending or running run; a call in flight is aborted within seconds.",
    parameters=OF_RUN,
    request=None,
    responses={
        200: answer(
            RunDocument, "Run cancelled.", RUN | {"state": "cancelled", "reason": "cancelled_by_person"}
        ),
        **errors("insufficient_scope", "run_not_cancellable", "schedule_not_found", "run_not_found"),
    },
)
RETRY_RUN: Final = operation(
    "retry-agent-schedule-run",
    "Run again",
    "Repeats the work of a run that has ended without success, with the payload it had: one new run, which starts 10 "
    "seconds after the request, or slightly later. Each document names the other: `retry_of` and `retried_by`. It is "
    "refused while an earlier repetition has not ended. There is no request body.",
    parameters=[*OF_RUN, *repeatable(202)],
    request=None,
    responses={
        202: answer(RunDocument, "Run will be repeated.", RETRY),
        **errors(
            "insufficient_scope",
            "quota_exceeded",
            "invalid_request_body",
            "run_not_retryable",
            "schedule_inactive",
            "schedule_not_found",
            "run_not_found",
            "idempotency_key_reused",
            "payload_too_large",
        ),
    },
)
