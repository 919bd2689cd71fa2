"""The list without `limit`, as published clients ask for it: one document of any length in the memory of one page.

A list that fits into the first page is an answer like any other. A longer one is sent page by page; each is a short
query of its own, and while the client reads no connection to the database is held.
"""

from collections.abc import Iterator
from typing import Final

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from schedules import holds
from schedules.api.documents import ScheduleDocument, ScheduleList
from schedules.database.keyset import Page, older_than
from schedules.models import Agent, Schedule

PAGE_BYTES = 512 * 1024
"""Of stored payloads; the payload that reaches it is the page's last."""
PAGE_ROWS = 500
UNKNOWN_BYTES = 64 * 1024
"""What a payload is taken for whose length was not stored."""

_PAGE_END: Final = """
SELECT min(id) FROM (
    SELECT id, sum(bytes) OVER (ORDER BY id DESC) - bytes AS bytes_before FROM (
        SELECT id, coalesce(payload_bytes, %s) AS bytes FROM schedules_schedule
        WHERE agent_id = %s AND deleted_at IS NULL AND id < %s
        ORDER BY id DESC LIMIT %s
    ) AS page
) AS measured
WHERE bytes_before < %s
"""
_BEYOND_ALL: Final = "Z" * 26


def whole_list(agent: Agent, after: str | None, *, has_body: bool = True) -> HttpResponseBase:
    """All schedules of the agent older than the id `after` (None: from the newest on), newest first.

    InvalidRequest as for a page. Whatever goes wrong with the first page is an error's answer; later the connection
    is cut, so that half a document is never taken for a whole one. `has_body`: False for a HEAD.
    """
    live = agent.schedules.live().select_related("next_fire")
    rows = older_than(after, live, agent.schedules.all())
    first = _page(rows, agent, after or _BEYOND_ALL)
    if not _is_full(first):
        return Response(ScheduleList(Page(first, None)).data)
    content = _sent(rows, agent, first) if has_body else iter([b""])
    return StreamingHttpResponse(content, content_type="application/json")


def _page(rows: QuerySet[Schedule], agent: Agent, after: str) -> list[Schedule]:
    """The next few: as many as PAGE_BYTES hold, and at least one, read in one statement."""
    end = RawSQL(_PAGE_END, (UNKNOWN_BYTES, agent.id, after, PAGE_ROWS, PAGE_BYTES))  # noqa: S611 - our own words
    page = list(rows.filter(pk__lt=after, pk__gte=end)[:PAGE_ROWS])  # a plan for few rows
    for schedule in page:
        schedule.agent = agent
    return page


def _is_full(page: list[Schedule]) -> bool:
    """Whether there may be more after it."""
    return len(page) >= PAGE_ROWS or sum(map(_bytes, page)) >= PAGE_BYTES


def _bytes(schedule: Schedule) -> int:
    return UNKNOWN_BYTES if schedule.payload_bytes is None else schedule.payload_bytes


def _sent(rows: QuerySet[Schedule], agent: Agent, page: list[Schedule]) -> Iterator[bytes]:
    before = b'{"schedules":['
    while page:
        last, rendered = page[-1].pk, _rendered(page)
        page.clear()  # the caller's list too: nothing of it stays while the client reads
        _release_connection()
        yield before + rendered
        before, rendered = b",", b""
        page = _page(rows, agent, last)
    _release_connection()
    yield b"]}"


def _rendered(page: list[Schedule]) -> bytes:
    """The documents, with commas between them."""
    document = ScheduleDocument()
    holds.remember(page)
    rendered: bytes = JSONRenderer().render([document.to_representation(schedule) for schedule in page])
    return rendered[1:-1]


def _release_connection() -> None:
    """Give it back, as at the end of a request; who has a transaction open keeps it."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
