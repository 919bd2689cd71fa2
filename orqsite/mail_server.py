"""The mail server that alerts and notices leave by: one URL."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}

FORM: Final = (
    "give a URL like smtp+starttls://user:password@mail.example.org:587; smtps:// is TLS from the first byte, "
    "smtp:// none at all"
)

ASCII_ONLY: Final = "user and password must be ASCII: Python's smtplib sends no other to a mail server"


@dataclass(frozen=True, slots=True)
class MailServer:
    """How it is reached."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False
    is_starttls: bool = False


def mail_server(url: str) -> MailServer:
    """The server of a URL, user and password percent-encoded where need be. Raises ValueError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(FORM) from None
    if not host or parts.scheme not in _PORTS or port == 0 or parts.path.strip("/") or parts.query:
        raise ValueError(FORM)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (user + password).isascii():
        raise ValueError(ASCII_ONLY)
    return MailServer(
        host,
        port or _PORTS[parts.scheme],
        user,
        password,
        is_tls=parts.scheme == "smtps",
        is_starttls=parts.scheme == "smtp+starttls",
    )
