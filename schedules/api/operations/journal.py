"""How the journal is described in /openapi.json."""

from typing import Final

from schedules.api.examples import JOURNAL_LINE
from schedules.api.journal_documents import JournalPage
from schedules.api.operations.describing import answer, errors, operation
from schedules.api.queries import JournalQuery

READ_JOURNAL: Final = operation(
    "list-journal",
    "Read journal",
    "Lists a page of the workspace's journal, newest first: who changed, ran, cancelled or deleted what, when and "
    "from where, in the API, in the console, by command, and the service by itself. A key of the scope read sees "
    "its own acts; a key that is limited to some agents sees the acts on those agents, their schedules and runs.",
    parameters=[JournalQuery],
    responses={
        200: answer(
            JournalPage, "Lines listed.", {"lines": [JOURNAL_LINE], "next_after": JOURNAL_LINE["_id"]}
        ),
        **errors("invalid_request_body"),
    },
)
