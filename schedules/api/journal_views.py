"""The journal, to read: an addition of this service to the public API."""

from rest_framework.request import Request
from rest_framework.response import Response

from schedules import journal
from schedules.api import queries
from schedules.api.api_view import ApiView
from schedules.api.authentication import key_of
from schedules.api.journal_documents import JournalPage
from schedules.api.operations import journal as operations
from schedules.database.keyset import page


class Journal(ApiView):
    """Who did what in the workspace, as far as the key may know."""

    @operations.READ_JOURNAL
    def get(self, request: Request) -> Response:
        """A page of the lines, newest first."""
        asked = queries.read_query(queries.JournalQuery, request)
        theirs = journal.visible_to(key_of(request))
        found = journal.between(
            theirs.filter(**queries.journal_filter(asked)), asked.get("from"), asked.get("to")
        )
        return Response(JournalPage(page(found, theirs, asked.get("after"), asked["limit"])).data)
