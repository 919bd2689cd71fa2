"""Whom TLS trusts, and who we are: the contexts for agents with certificates of their own."""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import httpcore2

from workers.runtimes.base import CallFailed


@lru_cache(maxsize=200)
def tls_context(ca_pem: str, client_pem: str) -> ssl.SSLContext:
    """The context of an agent with these texts; the same one each time. Raises `CallFailed` (invalid_endpoint).

    `ca_pem`: certificates that are trusted instead of the machine's; empty: those of the machine, or what
    `SSL_CERT_FILE` or `SSL_CERT_DIR` name. `client_pem`: our certificate, its chain and its key.
    """
    context = _trusting(ca_pem) if ca_pem else httpcore2.default_ssl_context()
    if client_pem:
        _identify(context, client_pem)
    return context


def _trusting(ca_pem: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # what is named is trusted, a root or not
    try:
        context.load_verify_locations(
            cadata=ca_pem.encode("ascii", "ignore").decode()
        )  # comments may be anything
    except (ssl.SSLError, ValueError):
        raise CallFailed("invalid_endpoint", "the agent's CA certificates cannot be read") from None
    return context


def _identify(context: ssl.SSLContext, client_pem: str) -> None:
    try:
        with _as_file(client_pem.encode("ascii")) as path:
            context.load_cert_chain(path, password=_no_password)
    except (ssl.SSLError, OSError, ValueError):
        message = "the client certificate cannot be used: give certificate and key as PEM, without a password"
        raise CallFailed("invalid_endpoint", message) from None


def _no_password() -> str:
    """Without this, OpenSSL would ask for one on the terminal, and wait."""
    return ""


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """A path that has the content, because OpenSSL reads keys from files only; in memory where that exists."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("client_pem"), "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
    else:
        with tempfile.NamedTemporaryFile() as named:  # 0600, gone with the block
            named.write(content)
            named.flush()
            yield named.name
