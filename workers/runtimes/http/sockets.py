"""The wire under an agent call: sockets whose every wait ends when the call may not go on.

httpcore's own timeouts start anew with each byte, so an agent that sends one byte now and then, or interim
responses for ever, would hold a call as long as it likes. Here the TLS handshake, writing and reading wait no
longer than the call may last, under the abort monitor, which ends the wait of an unwanted call; connecting waits in
slices of half a second. That bounds the head of a response as well as its body. The one exception is the
resolver: `getaddrinfo` cannot be interrupted, so a name server that does not answer can hold a call beyond its
deadline by the resolver's own limit (`options timeout: attempts:` in resolv.conf). Addresses written as numbers
are not affected.
"""

import errno
import os
import select
import selectors
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import httpcore2

from schedules.addresses import Policy, current_policy
from workers.runtimes.base import CallAborted, CallFailed
from workers.runtimes.http.aborting import abort_monitor
from workers.runtimes.http.deadline import current_limits

READ_BYTES = 16 * 1024
"""Read at most this much at once: what a waiting thread reserves, and how far an agent gets between checks."""

JOINED_BYTES = 64 * 1024
"""So much of a request waits for the rest of it; what is longer goes out by itself."""

Address = tuple[socket.AddressFamily, Any]
"""Family and socket address, as `socket.connect` takes it."""

T = TypeVar("T")

_Selector = getattr(
    selectors, "PollSelector", selectors.SelectSelector
)  # epoll would cost a descriptor per wait


class NameUnresolved(httpcore2.ConnectError):
    """The host's name has no address."""


class CertificateRefused(httpcore2.ConnectError):
    """The server's certificate does not show that it is the one that was meant; the text says why."""


class LimitedBackend(httpcore2.NetworkBackend):
    """Opens connections for httpcore's pool. `is_judged`: only to addresses that `policy` allows (None: agents')."""

    def __init__(self, *, is_judged: bool = True, policy: Policy | None = None) -> None:
        self._addresses = partial(allowed_addresses, policy=policy) if is_judged else resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> "LimitedStream":
        """Connect to the first of the host's addresses that answers; each gets its share of `timeout` seconds."""
        current_limits().check()
        addresses = self._addresses(host, port)
        give_up_at = _after(timeout)
        failure: Exception = NameUnresolved()
        for waiting, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                return LimitedStream(_connected(address, (give_up_at - time.monotonic()) / waiting))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


class LimitedStream(httpcore2.NetworkStream):
    """One open connection, plain or TLS."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._unsent = b""
        """The beginning of a request whose rest follows at once: both then leave together, in one packet."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes; empty at the end. `timeout` is the longest silence in seconds."""
        if self._unsent:
            with suppress(httpcore2.WriteError):  # as httpcore does: the answer may be why nobody reads on
                self.send(self._taken_unsent(), timeout)
        current_limits().is_request_sent = True  # httpcore reads nothing before
        return self.receive(max_bytes, timeout)

    def receive(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The same before there is a request: who tells where it goes."""
        receive = partial(self._socket.recv, min(max_bytes, READ_BYTES))
        data = self._within_limits(receive, timeout, httpcore2.ReadTimeout, httpcore2.ReadError)
        current_limits().count(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it, at the latest before the next read; `timeout` bounds each wait for the agent."""
        if len(self._unsent) + len(buffer) <= JOINED_BYTES:
            self._unsent += buffer
        else:
            self.send(self._taken_unsent() + buffer, timeout)

    def _taken_unsent(self) -> bytes:
        unsent, self._unsent = self._unsent, b""
        return unsent

    def send(self, content: bytes, timeout: float | None = None) -> None:
        """Send all of it now."""
        rest = memoryview(content)
        while rest:
            send = partial(self._socket.send, rest)
            rest = rest[self._within_limits(send, timeout, httpcore2.WriteTimeout, httpcore2.WriteError) :]

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """The same connection under TLS; closed when the handshake fails."""
        try:
            tls = ssl_context.wrap_socket(
                self._socket, server_hostname=server_hostname, do_handshake_on_connect=False
            )
            self._socket = tls
            self._within_limits(tls.do_handshake, timeout, httpcore2.ConnectTimeout, httpcore2.ConnectError)
        except (OSError, ValueError) as error:  # hung up already, or no name a certificate can have
            self.close()
            raise httpcore2.ConnectError(error) from error
        except httpcore2.ConnectError as error:
            self.close()
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise CertificateRefused(error.__cause__.verify_message) from None
            raise
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Close the connection at once; nothing is flushed."""
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks about a connection: above all whether an idle one `is_readable`, i.e. closed."""
        if info == "is_readable":
            return _is_readable(self._socket)
        if info == "ssl_object":
            return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
        return None

    def _within_limits(
        self,
        operation: Callable[[], T],
        timeout: float | None,
        too_late: type[Exception],
        broken: type[Exception],
    ) -> T:
        """Do a socket operation within `timeout` seconds; a timed out one can simply be repeated."""
        limits, give_up_at = current_limits(), _after(timeout)
        while True:
            limits.check()
            self._socket.settimeout(limits.bound(give_up_at - time.monotonic()))
            wait = None
            try:
                with abort_monitor().guard(self._socket, limits) as wait:
                    done = operation()
            except TimeoutError:
                if time.monotonic() >= give_up_at:
                    raise too_late from None
            except OSError as error:
                if wait is not None and wait.is_ended:
                    raise CallAborted from error
                raise broken(error) from error
            else:
                if wait.is_ended:  # the end of the stream that is read now is ours, not the agent's
                    raise CallAborted
                return done


def allowed_addresses(host: str, port: int, policy: Policy | None = None) -> list[Address]:
    """The addresses of a host that may be called. Raises `CallFailed` (invalid_endpoint) when it has others only.

    Exactly what is returned here is connected to, with no second look-up, so that a name cannot change its meaning
    in between.
    """
    policy = _with_own_addresses(policy or current_policy(), port)
    allowed = [found for found in resolve(host, port) if policy.is_allowed_at(_written_out(found), port)]
    if not allowed:
        raise CallFailed("invalid_endpoint", policy.refusal)
    return allowed


def _with_own_addresses(policy: Policy, port: int) -> Policy:
    """The policy that also knows where our own services with that port are now, if it has only their names."""
    own: list[tuple[str, int]] = []
    for name in policy.own_names(port):
        with suppress(NameUnresolved):
            own += [(_written_out(found), port) for found in resolve(name, port)]
    return replace(policy, own_services=(*policy.own_services, *own)) if own else policy


def _written_out(address: Address) -> str:
    return str(address[1][0])


def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a host, in the order to try them."""
    try:
        # As bytes: for a text, Python would import a codec now, and fail for good where that fails once.
        records = socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:  # unknown, or not even a name
        raise NameUnresolved(error) from error
    return [(family, address) for family, _, _, _, address in records]


def _connected(address: Address, timeout: float) -> socket.socket:
    sock = _socket(address)
    try:
        sock.setblocking(False)
        _raise_unless(sock.connect_ex(address[1]), allowed=(0, errno.EINPROGRESS, errno.EWOULDBLOCK))
        _await_connected(sock, _after(timeout))
        _raise_unless(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), allowed=(0,))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        sock.close()
        raise httpcore2.ConnectError(error) from error
    except BaseException:
        sock.close()
        raise
    return sock


def _socket(address: Address) -> socket.socket:
    try:
        return socket.socket(address[0], socket.SOCK_STREAM)
    except OSError as error:  # no descriptor left, or no such family on this machine
        raise httpcore2.ConnectError(error) from error


def _await_connected(sock: socket.socket, give_up_at: float) -> None:
    limits = current_limits()
    with _Selector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        while not selector.select(limits.slice(give_up_at - time.monotonic())):
            limits.check()
            if time.monotonic() >= give_up_at:
                raise httpcore2.ConnectTimeout


def _raise_unless(code: int, allowed: tuple[int, ...]) -> None:
    if code not in allowed:
        raise httpcore2.ConnectError(os.strerror(code))


def _is_readable(sock: socket.socket) -> bool:
    if sock.fileno() < 0:  # closed on our side
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _after(timeout: float | None) -> float:
    return float("inf") if timeout is None else time.monotonic() + timeout
