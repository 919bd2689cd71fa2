"""A console session ends a while after its last request, not after its login."""

import time
from collections.abc import Callable
from typing import Final

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

SEEN_AT: Final = "seen_at"
NOTED_EVERY: Final = 60
"""Seconds: a page costs no write more than once a minute."""


def renewed_sessions(get_response: GetResponse) -> GetResponse:
    """A middleware: a request renews the time its session has, ORQ_SESSION_IDLE_MINUTES."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        session, now = request.session, int(time.time())
        if SESSION_KEY in session and now - session.get(SEEN_AT, 0) >= NOTED_EVERY:
            session[SEEN_AT] = now
        return get_response(request)

    return answer
