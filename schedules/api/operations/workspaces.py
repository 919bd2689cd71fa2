"""How the operations on a whole workspace are described in /openapi.json."""

from typing import Final

from schedules.api.examples import OVERVIEW_NOW, RUN_SUMMARY, SCHEDULE_SUMMARY
from schedules.api.operations.describing import answer, errors, operation
from schedules.api.overview_documents import OverviewDocument
from schedules.api.queries import AllRunsQuery, AllSchedulesQuery
from schedules.api.summaries import RunSummaries, ScheduleSummaries

OVERVIEW: Final = operation(
    "retrieve-overview",
    "Overview",
    "How everything stands: what is wrong with the service, who is at work, what is held, what failed and what was "
    "missed in the key's workspace within 24 hours, and whether the ledger is clean. A key that is limited to some "
    "agents sees the holds and failures of its agents.",
    responses={200: answer(OverviewDocument, "How everything stands.", OVERVIEW_NOW), **errors()},
)
LIST_ALL_SCHEDULES: Final = operation(
    "list-schedules",
    "List all schedules",
    "Lists a page of the schedules of the key's workspace, newest first, without their payloads. A key that is "
    "limited to some agents sees those of its agents.",
    parameters=[AllSchedulesQuery],
    responses={
        200: answer(
            ScheduleSummaries,
            "Schedules listed.",
            {"schedules": [SCHEDULE_SUMMARY], "next_after": SCHEDULE_SUMMARY["_id"]},
        ),
        **errors("invalid_request_body", "agent_not_found"),
    },
)
LIST_ALL_RUNS: Final = operation(
    "list-runs",
    "List all runs",
    "Lists a page of the runs of the key's workspace, newest first, without their answers and single attempts: what "
    "failed, and why. Runs of deleted schedules and agents are among them until retention deletes them. `from` and "
    "`to` refer to the instant at which a run was created (`created`). A key that is limited to some agents sees the "
    "runs of its agents.",
    parameters=[AllRunsQuery],
    responses={
        200: answer(RunSummaries, "Runs listed.", {"runs": [RUN_SUMMARY], "next_after": RUN_SUMMARY["_id"]}),
        **errors("invalid_request_body", "agent_not_found"),
    },
)
