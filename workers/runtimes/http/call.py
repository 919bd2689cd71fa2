"""One HTTP request to an agent and its whole reply, within the limits of the call.

httpcore's connections are used without a client on top: an agent call wants no cookies kept between agents, no
redirects, and no proxies or credentials from the environment, and they know none of that. HTTP/1.1 only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import httpcore2
import httpx2
import structlog

from schedules.addresses import AddressRefused, origin_of, require_base_url
from workers.runtimes.base import CallFailed, Endpoint
from workers.runtimes.http.connections import Route, connections
from workers.runtimes.http.deadline import CallLimits
from workers.runtimes.http.decoding import BrokenCoding, Decoder, UnknownCoding, decoder_for
from workers.runtimes.http.proxies import ProxyRefused, proxy_at
from workers.runtimes.http.sockets import CertificateRefused, NameUnresolved

log = structlog.get_logger(__name__)

HEAD_BYTES = 256 * 1024
"""What may arrive before the body: interim responses, status line and headers."""

ERROR_BYTES = 64 * 1024
"""How much of the body of an HTTP error is read: it is only quoted in a message."""

FRAMING = 4
"""A body may take that many times its limit on the wire: tiny chunks are mostly framing."""

STREAM_FRAMING = 64
"""An event stream tells a text token by token, and then several times over; only its last event is kept."""

OnChunk = Callable[[bytes], bool]
"""Takes the next decoded piece of a body; True: that was enough, the rest is not read."""


class BodyTooLarge(CallFailed):
    """The body of a success is larger than it may be: the agent has done its work all the same."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What to send: headers are complete but for Host and the length of the body."""

    method: str
    url: httpx2.URL
    headers: list[tuple[bytes, bytes]]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names in lower case, the body without its content coding.

    The body of a redirect is not read, of an error cut short; that of an event stream went to who takes events.
    """

    status: int
    headers: dict[str, str]
    body: bytes | bytearray

    @property
    def content_type(self) -> str:
        """The header as it came; empty without one."""
        return self.headers.get("content-type", "")

    @property
    def media_type(self) -> str:
        """The content type in lower case, without its parameters."""
        return self.content_type.partition(";")[0].strip().lower()


@lru_cache(maxsize=1000)
def address(base_url: str, path: str) -> httpx2.URL:
    """The URL of `path` on the agent's server; without a path, or with a query only, the base URL stays as it is.

    Raises `CallFailed` (invalid_endpoint).
    """
    try:
        origin_of(base_url)
        return httpx2.URL(_joined(base_url, path))
    except AddressRefused as refused:
        raise CallFailed("invalid_endpoint", f"the agent's address cannot be called: {refused}") from None
    except httpx2.InvalidURL:
        raise CallFailed("invalid_endpoint", "the agent's address is not a valid URL") from None


def _joined(base_url: str, path: str) -> str:
    if not path or path.startswith("?"):
        return base_url + path
    return f"{base_url.rstrip('/')}/{path.lstrip('/')}"


def exchange(
    request: HttpRequest, endpoint: Endpoint, limits: CallLimits, events: OnChunk | None = None
) -> Reply:
    """Send the request, once, and read the reply. Must run inside the block of `limits`.

    `events` takes the body, instead of the reply, when it is an event stream (text/event-stream) of a success.
    Raises `CallFailed`: retryable for whatever went wrong on the wire, final for a reply over the limits.
    """
    limits.allow(HEAD_BYTES)
    sent = _request(request, endpoint)
    route = Route(sent.url.origin, endpoint.proxy, endpoint.ca_pem, endpoint.client_pem, endpoint.addresses)
    connection = connections().take(route)
    try:
        response = connection.handle_request(sent)
        try:
            return _reply(response, endpoint, limits, events)
        finally:
            response.close()
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise _wire_failure(error, endpoint) from None
    finally:
        connections().give_back(route, connection)


def _reply(
    response: httpcore2.Response, endpoint: Endpoint, limits: CallLimits, events: OnChunk | None
) -> Reply:
    headers = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in response.headers}
    reply = Reply(response.status, headers, bytearray())
    if events and 200 <= reply.status < 300 and reply.media_type == "text/event-stream":
        limits.allow(HEAD_BYTES + STREAM_FRAMING * endpoint.max_response_bytes)
        _feed(response, reply, events)
        return reply
    limits.allow(HEAD_BYTES + FRAMING * endpoint.max_response_bytes)
    return Reply(reply.status, headers, _body(response, reply, endpoint.max_response_bytes))


def _request(request: HttpRequest, endpoint: Endpoint) -> httpcore2.Request:
    """As httpcore sends it, whose own `stream` would check all of it twice."""
    url = request.url
    target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    headers = [(b"Host", url.netloc), *request.headers]
    if endpoint.proxy:
        _require_literal_allowed(endpoint)
        target, headers = _by_proxy(target, headers, endpoint.proxy)
    if request.body is not None:
        headers.append((b"Content-Length", b"%d" % len(request.body)))
    timeouts = {"timeout": _timeouts(endpoint)}
    return httpcore2.Request(
        request.method, target, headers=headers, content=request.body, extensions=timeouts
    )


def _require_literal_allowed(endpoint: Endpoint) -> None:
    """Behind a proxy, which resolves the name, only a host that is written out as an address can be judged."""
    try:
        require_base_url(endpoint.base_url)
    except AddressRefused as refused:
        raise CallFailed("invalid_endpoint", str(refused)) from None


def _by_proxy(
    target: httpcore2.URL, headers: list[tuple[bytes, bytes]], proxy_url: str
) -> tuple[httpcore2.URL, list[tuple[bytes, bytes]]]:
    """The request as a proxy wants it: with the whole URL, unless it goes through a tunnel."""
    if target.scheme == b"https":
        return target, headers
    proxy = proxy_at(proxy_url)
    absolute = httpcore2.URL(scheme=b"http", host=proxy.host, port=proxy.port, target=_absolute(target))
    return absolute, [*headers, *proxy.headers]


def _absolute(target: httpcore2.URL) -> bytes:
    host = b"[%b]" % target.host if b":" in target.host else target.host
    port = b":%d" % target.port if target.port else b""
    return b"%b://%b%b%b" % (target.scheme, host, port, target.target)


def _timeouts(endpoint: Endpoint) -> dict[str, float]:
    silence = endpoint.read_timeout.total_seconds()
    return {"connect": endpoint.connect_timeout.total_seconds(), "read": silence, "write": silence}


def _body(response: httpcore2.Response, reply: Reply, limit: int) -> bytes | bytearray:
    if 300 <= reply.status < 400:
        return b""
    if 200 <= reply.status < 300:
        return _whole_body(response, reply, limit)
    try:
        return _whole_body(response, reply, min(limit, ERROR_BYTES))
    except (CallFailed, httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
        return b""  # the status says enough; what is wrong with its explanation must not hide it


def _whole_body(response: httpcore2.Response, reply: Reply, limit: int) -> bytearray:
    if int(reply.headers.get("content-length", 0)) > limit:
        raise _too_large(limit, reply)
    body = bytearray()

    def take(piece: bytes) -> bool:
        body.extend(piece)
        if len(body) > limit:
            raise _too_large(limit, reply)
        return False

    _feed(response, reply, take)
    return body


def _feed(response: httpcore2.Response, reply: Reply, take: OnChunk) -> None:
    """Give the decoded body to `take`, until it has enough."""
    decoder = _decoder(reply)
    try:
        for chunk in response.iter_stream():
            if any(take(piece) for piece in decoder.feed(chunk)):
                return
        decoder.finish()
    except BrokenCoding:
        raise CallFailed("invalid_response", "the agent's compressed answer cannot be read") from None


def _decoder(reply: Reply) -> Decoder:
    try:
        return decoder_for(reply.headers.get("content-encoding", ""))
    except UnknownCoding:
        message = "the agent compressed its answer, although asked not to, in a way that is not read here"
        raise CallFailed("invalid_response", message) from None


def _too_large(limit: int, reply: Reply) -> BodyTooLarge:
    message = f"the agent's answer is larger than {limit} bytes"
    return BodyTooLarge("response_too_large", message, http_status=reply.status)


def _wire_failure(error: Exception, endpoint: Endpoint) -> CallFailed:
    """What httpcore raised, in our words. Its own may quote raw bytes of the agent: those are left out."""
    match error:
        case httpcore2.ConnectTimeout():
            return _timeout("no connection within", endpoint.connect_timeout)
        case httpcore2.WriteTimeout():
            return _timeout("the agent took nothing of the request for", endpoint.read_timeout)
        case httpcore2.TimeoutException():
            return _timeout("the agent was silent for", endpoint.read_timeout, is_silent=True)
        case httpcore2.ConnectError():
            # the origin only: a path can be the secret of a webhook
            log.info("agent.connect_failed", origin=str(origin_of(endpoint.base_url)), detail=str(error))
            return CallFailed("agent_unreachable", _connect_trouble(error), is_retryable=True)
        case httpcore2.LocalProtocolError():
            return CallFailed("invalid_endpoint", "the configured header or path cannot be sent over HTTP")
    reason = str(error).partition(":")[0]
    return CallFailed("agent_unreachable", f"the connection broke: {reason}", is_retryable=True)


def _connect_trouble(error: httpcore2.ConnectError) -> str:
    """Who may edit agents must not learn from these words which ports are open around us; the log has them."""
    match error:
        case ProxyRefused():
            return f"cannot connect: {error}"
        case NameUnresolved():
            return "cannot connect: the host's name has no address"
        case CertificateRefused():
            return f"cannot connect: the certificate is not trusted: {error}"
    return "cannot connect to the agent's address"


def _timeout(what: str, limit: timedelta, *, is_silent: bool = False) -> CallFailed:
    message = f"{what} {limit.total_seconds():g} s"
    return CallFailed("agent_timeout", message, is_retryable=True, is_silent=is_silent)
