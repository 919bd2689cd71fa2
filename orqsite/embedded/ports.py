"""Loopback ports: which are free, who answers."""

import random
import socket
from urllib.request import OpenerDirector, ProxyHandler, build_opener

LOOPBACK = "127.0.0.1"
SERVERS = range(15_000, 32_000)
"""Below the ports that systems give to outgoing connections: none takes one between asking and listening."""


def free_port() -> int:
    """A port on the loopback address that nobody uses, and that the system gives to nobody.

    Raises OSError when none of many is free.
    """
    for port in random.sample(SERVERS, 100):
        if is_free(port):
            return port
    raise OSError(f"no free port on {LOOPBACK} among 100 between {SERVERS.start} and {SERVERS.stop}")


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
