"""What the service says, keeps and sends, collected as text, and the search for canaries in it."""

import base64
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import redis
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django.http import HttpResponse

from orqsite.logs import configure_logs

VARIABLE = "vr4Q9ZtLw7\n\"Xk\\C&<é漢🔑'/+ mP8sYb6Dq1"
"""The value of a secret variable: what JSON, URLs, HTML and `repr` spell differently stands in its middle."""
CREDENTIAL = 'cr7Jd2NyUu"G\\z&<5 WbR3vH9eTa0'
"""An agent's credential, behind `Bearer `: all of that which a header may have."""
CANARIES = (VARIABLE, CREDENTIAL)
SLACK_PATH = "T0Zq4/B0Xw8/hQ7mVt2KpLr9sYd3"
"""The path of a Slack webhook: whoever knows it may write to the channel."""
ROUTING_KEY = "R0aZ9bY8cX7dW6eV5fU4gT3hS2iR1jQ0"
"""The key of a PagerDuty integration."""
ENDPOINT_CANARIES = (SLACK_PATH, ROUTING_KEY)

_PIECE = 10
"""So many characters of a canary at its beginning or end are a leak too: of a text that was cut."""


@dataclass
class Evidence:
    """Texts by the place where they were found."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    canaries: tuple[str, ...] = CANARIES

    def add(self, place: str, text: Any) -> None:
        """A text, or anything whose `repr` shows all of it."""
        self.texts.append((place, text if isinstance(text, str) else repr(text)))

    def answer(self, place: str, response: Any) -> Any:
        """An HTTP answer with its headers; passed on."""
        assert isinstance(response, HttpResponse)
        self.add(place, response.serialize().decode("utf-8", "replace"))
        return response

    def leaks(self) -> set[tuple[str, str]]:
        """(place, canary) wherever one shows."""
        return {
            (place, canary)
            for place, text in self.texts
            for canary in self.canaries
            if any(spelling in text for spelling in _spellings(canary))
        }


def _spellings(canary: str) -> Iterator[str]:
    """Its ends, and what base 64 makes of its middle at any of the three alignments."""
    yield from (canary[:_PIECE], canary[-_PIECE:])
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + canary.encode()).decode()
        yield encoded[4:-4]


def rows() -> Iterator[tuple[str, Any]]:
    """(table, row) of every table of every database."""
    for alias in connections:
        with connections[alias].cursor() as cursor:
            for table in connections[alias].introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {connections[alias].ops.quote_name(table)}")  # noqa: S608
                yield from ((table, row) for row in cursor.fetchall())
    yield from (("session", session.get_decoded()) for session in Session.objects.all())


def messages(valkey: redis.Redis) -> Iterator[tuple[str, Any]]:
    """(key, value) of everything the broker holds; queued messages with their bodies decoded."""
    readers: dict[Any, Any] = {
        b"list": lambda key: valkey.lrange(key, 0, -1),
        b"hash": valkey.hgetall,
        b"set": valkey.smembers,
        b"zset": lambda key: valkey.zrange(key, 0, -1, withscores=True),
        b"string": valkey.get,
    }
    for key in valkey.scan_iter():
        yield repr(key), readers[valkey.type(key)](key)


@contextmanager
def logs_at_debug(line_format: str) -> Iterator[io.StringIO]:
    """What the service logs at its lowest level, SQL included, through its own handler."""
    written = io.StringIO()
    configure_logs("DEBUG", line_format)
    [handler] = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
    handler.setStream(written)
    connection.force_debug_cursor = True
    try:
        yield written
    finally:
        connection.force_debug_cursor = False
        configure_logs(settings.ORQ.log_level, settings.ORQ.log_format)
