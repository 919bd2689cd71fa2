"""/metrics: for Prometheus. Who may read it is a setting; without a token or leave, nobody."""

import hmac
from typing import Final

import structlog
from django.conf import settings
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from schedules.metrics import exposition

log = structlog.get_logger(__name__)

_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="metrics"'}


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All metrics; 404 where they are off, 401 without the token, 503 while the database is away."""
    if not _is_on():
        raise Http404
    if settings.ORQ.metrics == "token" and not _has_token(request):
        return HttpResponse(status=401, headers=_CHALLENGE)
    try:
        text = exposition.metrics()
    except Error as error:
        log.warning("metrics.failed", error=type(error).__name__)
        return HttpResponse(status=503)
    return HttpResponse(text, headers={"Content-Type": exposition.CONTENT_TYPE, "Cache-Control": "no-store"})


def _is_on() -> bool:
    how = settings.ORQ.metrics
    return how == "open" or (how == "token" and bool(settings.ORQ.metrics_token.get_secret_value()))


def _has_token(request: HttpRequest) -> bool:
    sent = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    return hmac.compare_digest(sent, f"Bearer {settings.ORQ.metrics_token.get_secret_value()}".encode())
