"""/healthz: this process answers. /readyz: the database and the broker answer it."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from redis import Redis, RedisError

from schedules.api.error_codes import error_body

log = structlog.get_logger(__name__)

_TIMEOUT_SECONDS = 1.0


@require_safe
def healthz(_: HttpRequest) -> JsonResponse:
    """Always 200: for restarting a process that hangs."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(_: HttpRequest) -> JsonResponse:
    """200 when everything needed answers, else 503; says of each part `ok` or the kind of error."""
    parts = {"database": _state_of(_ask_database), "broker": _state_of(_ask_broker)}
    if set(parts.values()) == {"ok"}:
        return JsonResponse({"status": "ok", **parts})
    error = error_body("service_unavailable", "The database or the broker does not answer")
    return JsonResponse({"status": "unavailable", **parts, **error}, status=503)


def _state_of(ask: Callable[[], None]) -> str:
    try:
        ask()
    except (Error, RedisError, OSError) as error:
        log.warning("health.part_failed", part=ask.__name__, error=type(error).__name__)
        return type(error).__name__
    return "ok"


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_broker() -> None:
    with Redis.from_url(
        settings.ORQ.redis_url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
    ) as redis:
        redis.ping()
