"""The Host of a request: health answers whatever it is, everything else answers to the service's own names only."""

from collections.abc import Callable
from typing import Final

import structlog
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase

from orqsite.access_log import say_no_more
from orqsite.health import healthz, readyz
from orqsite.metrics import metrics

log = structlog.get_logger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponseBase]

PROBES: Final = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
"""What load balancers, orchestrators and Prometheus ask by a machine's address, none of the service's names."""


def known_hosts(get_response: GetResponse) -> GetResponse:
    """A middleware: a Host that is none of ours is a line of the log and a 400, not a traceback."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info)
        if probe is not None:
            return probe(request)
        try:
            request.get_host()
        except DisallowedHost:
            log.warning("request.host_refused", host=request.META.get("HTTP_HOST", "")[:100])
            say_no_more(request)
            return HttpResponseBadRequest("The Host header names none of this service's hosts.")
        return get_response(request)

    return answer
