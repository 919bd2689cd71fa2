"""Which names and values an agent's own request headers may have. Pure."""

import re

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")

LONGEST_VALUE = 4000

FRAMING = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade", "content-length", "content-encoding", "expect", "host"),
    }
)
"""They belong to one connection, or say where a message begins and ends and whose it is (RFC 9110, 7.6.1)."""

OURS = frozenset(
    {
        *("accept", "accept-encoding", "content-type", "user-agent", "idempotency-key", "x-run-attempt"),
        *("traceparent", "tracestate", "baggage", "a2a-version"),
    }
)
"""What the service writes into each call itself; so are those that begin with `webhook-`."""

ELSEWHERE = frozenset({"authorization", "cookie"})
"""No extra headers: the credential has a field of its own, and calls share no session."""


class HeaderRefused(ValueError):
    """A header that cannot be sent with a call; the text says why, without the value."""


def require_credential_header(name: str) -> None:
    """Raise HeaderRefused unless a credential may travel under this name."""
    if not _NAME.fullmatch(name):
        raise HeaderRefused("A header's name has letters, digits and - _ only")
    if name.lower() in FRAMING or is_ours(name):
        raise HeaderRefused(f"{name} is written by the service or the connection: choose another header")


def is_ours(name: str) -> bool:
    """Whether the service writes it into each call, or may."""
    return name.lower() in OURS or name.lower().startswith("webhook-")


def require_extra_header(name: str, value: str) -> None:
    """Raise HeaderRefused unless an agent's settings may add this header."""
    require_credential_header(name)
    if name.lower() in ELSEWHERE:
        raise HeaderRefused(f"{name} cannot be an extra header: the credential has a field of its own")
    require_value(value)


def require_value(value: str) -> None:
    """Raise HeaderRefused unless it is one line of plain ASCII without blanks around it."""
    if not _VALUE.fullmatch(value) or len(value) > LONGEST_VALUE:
        raise HeaderRefused("A header's value is plain ASCII on one line")
