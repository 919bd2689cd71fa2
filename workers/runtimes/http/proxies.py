"""HTTP proxies: which one an agent is called through, and the tunnel to an agent behind TLS (CONNECT)."""

import base64
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote, urlsplit
from urllib.request import (  # type: ignore[attr-defined]  # typeshed lacks the second
    getproxies_environment,
    proxy_bypass_environment,
)

import httpcore2

from workers.runtimes.base import CallFailed
from workers.runtimes.http.sockets import LimitedBackend, LimitedStream

ENVIRONMENT = "environment"
"""The value of the setting that means the usual variables: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY."""

HEAD_BYTES = 64 * 1024
"""What a proxy may answer to CONNECT."""


_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})\b")


class ProxyRefused(httpcore2.ConnectError):
    """The proxy opened no tunnel; the text says its status only."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where a proxy is, and what it is told about us."""

    host: str
    port: int
    authorization: bytes | None = field(default=None, repr=False)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """What goes to the proxy with each request that it sees."""
        return [(b"Proxy-Authorization", self.authorization)] if self.authorization else []


def proxy_for(base_url: str, setting: str) -> str:
    """The URL of the proxy for an agent, empty for none. `setting`: a URL, `environment`, or empty: no proxy."""
    if setting != ENVIRONMENT:
        return setting
    url = urlsplit(base_url)
    proxies = getproxies_environment()
    if proxy_bypass_environment(url.netloc.rpartition("@")[2], proxies):
        return ""
    return proxies.get(url.scheme) or proxies.get("all", "")


@lru_cache(maxsize=100)
def proxy_at(url: str) -> Proxy:
    """The proxy of `http://[user:password@]host[:port]`. Raises `CallFailed` (invalid_endpoint)."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if host is None or parts.scheme != "http" or port == 0:
        raise CallFailed("invalid_endpoint", "the proxy's address must be http://[user:password@]host:port")
    return Proxy(host, port or 80, _authorization(parts.username, parts.password))


def _authorization(user: str | None, password: str | None) -> bytes | None:
    if user is None:
        return None
    return b"Basic " + base64.b64encode(f"{unquote(user)}:{unquote(password or '')}".encode())


class TunnelBackend(httpcore2.NetworkBackend):
    """Opens connections through a proxy; TLS with the agent then starts inside."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._direct = LimitedBackend(is_judged=False)  # the operator's own choice

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """A stream to that server; `timeout` seconds for the way to the proxy and for its answer."""
        give_up_at = time.monotonic() + (timeout or float("inf"))
        stream = self._direct.connect_tcp(self._proxy.host, self._proxy.port, timeout)
        try:
            self._open_tunnel(stream, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", give_up_at)
        except (httpcore2.ReadTimeout, httpcore2.WriteTimeout):
            stream.close()
            raise httpcore2.ConnectTimeout from None
        except (httpcore2.ReadError, httpcore2.WriteError) as error:
            stream.close()
            raise httpcore2.ConnectError(error) from None
        except BaseException:
            stream.close()
            raise
        return stream

    def _open_tunnel(self, stream: LimitedStream, place: str, give_up_at: float) -> None:
        lines = [b"CONNECT %b HTTP/1.1" % place.encode("ascii"), b"Host: %b" % place.encode("ascii")]
        lines += [b"%b: %b" % header for header in self._proxy.headers]
        stream.send(b"\r\n".join([*lines, b"", b""]), give_up_at - time.monotonic())
        head = b""
        while b"\r\n\r\n" not in head:
            data = stream.receive(4096, give_up_at - time.monotonic())
            head += data
            if not data or len(head) > HEAD_BYTES:
                raise ProxyRefused("the proxy gave no answer")
        status = _STATUS.match(head)
        if not status or not head.endswith(b"\r\n\r\n"):  # behind TLS nobody speaks before the client
            raise ProxyRefused("the proxy's answer is no HTTP")
        if not status[1].startswith(b"2"):
            raise ProxyRefused(f"the proxy answered HTTP {status[1].decode()}")
