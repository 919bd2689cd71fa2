"""API keys: issue one, and tell whose key a token is. Tokens look like `sk-orq-<ULID>-<secret>`."""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Q

from schedules.database.ulids import ULID_PATTERN
from schedules.models import ApiKey, Scope, Workspace

_TOKEN = re.compile(rf"sk-orq-({ULID_PATTERN})-([A-Za-z0-9_-]{{20,100}})")
_NOBODY = sha256(secrets.token_bytes(32)).hexdigest()
LAST_USE_PRECISION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key and its token, which nobody can show again."""

    key: ApiKey
    token: str


def issue(
    workspace: Workspace, *, scope: Scope, name: str = "", expires_at: datetime | None = None
) -> IssuedKey:
    """A new key of the workspace."""
    secret = secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        workspace=workspace, scope=scope, name=name, expires_at=expires_at, secret_sha256=_digest(secret)
    )
    return IssuedKey(key, f"sk-orq-{key.id}-{secret}")


def find(token: str) -> ApiKey | None:
    """The key a token opens, whatever its state; None for a malformed or unknown one.

    An unknown id takes the same comparison as a wrong secret, so that time tells nothing.
    """
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    key = ApiKey.objects.select_related("workspace").filter(id=match[1]).first()
    expected = key.secret_sha256 if key else _NOBODY
    return key if hmac.compare_digest(expected, _digest(match[2])) else None


def note_use(key: ApiKey, now: datetime) -> None:
    """Remember the last use, to the minute: not one write a request."""
    if key.last_used_at is None or key.last_used_at < now - LAST_USE_PRECISION:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USE_PRECISION)
        ApiKey.objects.filter(stale, id=key.id).update(last_used_at=now)
        key.last_used_at = now  # whoever holds the key need not write it again


def revoke(key: ApiKey, now: datetime) -> None:
    """The key stops working for good."""
    ApiKey.objects.filter(id=key.id, revoked_at=None).update(revoked_at=now, is_enabled=False)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
