"""One POST to where an alert goes: the machinery that agents are called with, but the addresses of alerts only."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from schedules.addresses import outbound_policy
from schedules.deliveries.outcomes import Sent
from schedules.version import VERSION
from workers.runtimes.base import CallFailed, Endpoint
from workers.runtimes.http.call import BodyTooLarge, HttpRequest, Reply, address, exchange
from workers.runtimes.http.deadline import CallLimits
from workers.runtimes.http.retry_after import retry_after

PATIENCE: Final = timedelta(seconds=15)
ANSWER_BYTES: Final = 16 * 1024
"""Nobody reads what a receiver says beyond its status."""

_CODES: Final = {
    "agent_unreachable": ("unreachable", "there is no connection, or it broke"),
    "agent_timeout": ("timeout", f"there was no whole answer within {PATIENCE.total_seconds():.0f} s"),
}


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
    """Send it once; any 2xx is success."""
    sent = {"Content-Type": "application/json", "User-Agent": f"agent-schedules/{VERSION}", **headers}
    try:
        with CallLimits(PATIENCE, lambda: False) as limits:
            request = HttpRequest("POST", address(url, ""), _encoded(sent), body)
            return _judged(exchange(request, _endpoint(url), limits))
    except BodyTooLarge as answered:  # accepted, only with many words
        return Sent(answered.http_status)
    except CallFailed as failure:
        return Sent(failure.http_status, *_CODES.get(failure.code, (failure.code, failure.message)))


def _judged(reply: Reply) -> Sent:
    if 200 <= reply.status < 300:
        return Sent(reply.status)
    if 300 <= reply.status < 400:
        return Sent(reply.status, "redirect_refused", "redirects are not followed: correct the address")
    wait = retry_after(reply.headers, datetime.now(UTC))
    return Sent(reply.status, "http_error", f"it answered HTTP {reply.status}", wait)


def _endpoint(url: str) -> Endpoint:
    return Endpoint(
        base_url=url,
        path="",
        credential_header=None,
        credential=None,
        connect_timeout=PATIENCE,
        read_timeout=PATIENCE,
        total_timeout=PATIENCE,
        max_response_bytes=ANSWER_BYTES,
        addresses=outbound_policy(),
    )


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
