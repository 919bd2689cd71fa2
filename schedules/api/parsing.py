"""How request bodies are read: JSON only, strictly, and never more of it than is allowed."""

from collections.abc import Callable, Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from schedules import strict_json
from schedules.api.error_response import PayloadTooLarge
from schedules.errors import InvalidRequest, Refused


class StrictJSONParser(BaseParser):
    """`application/json`, always UTF-8; see schedules.strict_json."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The body's value; InvalidRequest, or PayloadTooLarge after reading one byte too many."""
        try:
            return strict_json.read(bounded(stream))
        except strict_json.NotStrictJson as problem:
            raise InvalidRequest(f"The body {problem}") from None


def bounded(stream: IO[Any]) -> bytes:
    """All bytes of the body; PayloadTooLarge after reading one too many."""
    limit: int = settings.ORQ.max_body_bytes
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise PayloadTooLarge(f"The request body is larger than {limit} bytes")
    return body


def refuse_body(request: Request) -> None:
    """InvalidRequest unless there is no body, or one that says nothing: `{}` or `null`; PayloadTooLarge.

    Whatever its content type: some clients name one for the body they do not send. Reads the body up.
    """
    body = bounded(request.stream) if request.stream is not None else b""
    if body.strip() and not _says_nothing(body):
        raise InvalidRequest("This operation takes no body: send none, or {}")


def empty_body(request: Request, find: Callable[[], object]) -> str:
    """The body of an operation that takes none, for `answer_once`. What `find` misses is said first."""
    try:
        refuse_body(request)
    except Refused:
        find()
        raise
    return ""


def _says_nothing(body: bytes) -> bool:
    try:
        return strict_json.read(body) in ({}, None)
    except strict_json.NotStrictJson:
        return False
