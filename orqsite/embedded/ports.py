"""Loopback ports: which are free, who answers."""

import socket
from urllib.request import OpenerDirector, ProxyHandler, build_opener

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port on the loopback address that nobody used a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server may listen on this loopback port now."""
    with socket.socket() as probe:
        # As servers do: a port whose old connections are only winding down counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def direct() -> OpenerDirector:
    """urllib's opener for our own address: a proxy of the environment (`http_proxy`) knows nothing of it."""
    return build_opener(ProxyHandler({}))
