"""How the operations on a schedule's runs are described in /openapi.json."""

from typing import Final

from schedules.api.documents import RunDocument, RunList
from schedules.api.examples import RUN
from schedules.api.operations.describing import OF_RUN, OF_SCHEDULE, answer, errors, operation
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
