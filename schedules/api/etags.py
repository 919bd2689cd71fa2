"""ETag and If-Match: a change is made only to the schedule the client has seen (RFC 9110, sections 8.8.3, 13.1.1).

A tag stands for a schedule's revision, which counts its edits. It stays the same when the schedule fires.
"""

import re
from typing import Final

from rest_framework.request import Request
from rest_framework.response import Response

from schedules.api.documents import ScheduleDocument
from schedules.database.ulids import ULID_PATTERN
from schedules.errors import InvalidRequest
from schedules.models import Schedule

TAGS_PATTERN: Final = r'^(\*|(W/)?"[!#-~]*"(, (W/)?"[!#-~]*")*)$'
"""What a client should send; more is understood."""
_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS: Final = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")
_OUR_TAG: Final = re.compile(rf'"({ULID_PATTERN})-([1-9][0-9]{{0,18}})"')


def etag_of(schedule: Schedule) -> str:
    """The strong tag of the schedule as it is, in its quotes."""
    return f'"{schedule.id}-{schedule.revision}"'


def schedule_response(schedule: Schedule, document: type[ScheduleDocument] = ScheduleDocument) -> Response:
    """The answer that shows a schedule."""
    return Response(document(schedule).data, headers={"ETag": etag_of(schedule)})


def expected_revisions(request: Request, schedule_id: str) -> frozenset[int] | None:
    """The revisions of the schedule that If-Match names; None: any, because of `*` or without the header.

    Weak tags and those of other schedules name none. InvalidRequest for what is no list of tags.
    """
    if_match = request.headers.get("If-Match")
    if if_match is None or if_match.strip() == "*":
        return None
    if not _TAGS.fullmatch(if_match):
        raise InvalidRequest(
            'If-Match must be * or tags in double quotes, as an ETag header gives them: "…", "…"',
            param="If-Match",
        )
    own_tags = (_OUR_TAG.fullmatch(tag) for tag in re.findall(_TAG, if_match))
    return frozenset(int(match[2]) for match in own_tags if match and match[1] == schedule_id)
