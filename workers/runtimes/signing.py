"""Sign what is sent to an agent by the rule of Standard Webhooks, so that it can tell whose call it is.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the signature is an
HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<body>`. Its id is the run's idempotency key, the same for every
attempt; its timestamp is the attempt's, so that a receiver may refuse what is old.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"

SHORTEST, LONGEST = 24, 64
"""Bytes of a secret."""


class InvalidSigningSecret(ValueError):
    """A signing secret is whsec_ followed by the base64 of 24 to 64 bytes"""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def key_of(secret: str) -> bytes:
    """The bytes of a secret; InvalidSigningSecret. Missing padding is made up for, as receivers' libraries do."""
    encoded = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSigningSecret from None
    if encoded == secret or not SHORTEST <= len(key) <= LONGEST:
        raise InvalidSigningSecret
    return key


def webhook_headers(message_id: str, body: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers of a message: id, timestamp and, where there are secrets, a signature by each of them.

    During a rotation the receiver finds the signature of whichever secret it has. Raises InvalidSigningSecret.
    """
    timestamp = str(int(now.timestamp()))
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp}
    if secrets:
        signed = f"{message_id}.{timestamp}.".encode() + body
        headers["webhook-signature"] = " ".join(_signature(key_of(secret), signed) for secret in secrets)
    return headers


def _signature(key: bytes, signed: bytes) -> str:
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"
