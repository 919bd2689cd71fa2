"""A mail server that others wrote (aiosmtpd), which keeps what it is given or refuses as it is told."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from orqsite.embedded.ports import LOOPBACK, free_port


@dataclass
class MailServer:
    """Where it is, and what came: envelopes and messages, oldest first.

    `refusal`: what it says to recipients; `account`: the user and password it wants, after STARTTLS.
    """

    port: int
    refusal: str = ""
    account: tuple[str, str] | None = None
    envelopes: list[list[str]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    is_encrypted: bool = False
    """Whether the last message came over TLS."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the recipient, or say why not."""
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message."""
        self.envelopes.append(list(envelope.rcpt_tos))
        self.messages.append(message_from_bytes(envelope.original_content or b""))
        self.is_encrypted = session.ssl is not None
        return "250 OK"

    def is_let_in(
        self, _: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        """Whether these are its user and password."""
        account = (
            (given.login.decode(), given.password.decode()) if isinstance(given, LoginPassword) else None
        )
        return AuthResult(success=account == self.account, handled=False)


@contextmanager
def taking_mail(
    account: tuple[str, str] | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[MailServer]:
    """A mail server that serves inside the block; with `tls` it offers STARTTLS, with `account` it demands both."""
    server = MailServer(free_port(), account=account)
    controller = Controller(
        server,
        LOOPBACK,
        server.port,
        tls_context=tls,
        require_starttls=account is not None,
        auth_required=account is not None,
        authenticator=server.is_let_in,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
