"""API keys: issue, rotate and revoke them; tell whose key a token is. Tokens look like `sk-orq-<ULID>-<secret>`."""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from schedules import journal
from schedules.database.ulids import ULID_PATTERN, is_ulid
from schedules.errors import InvalidRequest, KeyNotFound, KeyNotWorking, KeyTooPowerful
from schedules.expressions.instants import rfc3339
from schedules.models import Agent, ApiKey, JournalEntry, Scope, Workspace

log = structlog.get_logger(__name__)

_TOKEN = re.compile(rf"sk-orq-({ULID_PATTERN})-([A-Za-z0-9_-]{{20,100}})")
_NOBODY = sha256(secrets.token_bytes(32)).hexdigest()
LAST_USE_PRECISION = timedelta(minutes=1)

LIFETIME: Final = timedelta(days=365)
"""How long a new key works where nobody says otherwise."""

OVERLAP: Final = timedelta(days=7)
"""How long a rotated key goes on beside its successor where nobody says otherwise."""

WARNED_BEFORE: Final = timedelta(days=14)
"""From so long before its end on, an expiring key is warned of."""

NOTED_WITHIN: Final = timedelta(days=30)
"""Keys that ended longer ago without anybody noting it are left alone."""

_RECORDED: Final = ("name", "scope", "expires_at", "agent_ids", "replaces_id")
"""Of a new key, in the journal."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key and its token, which nobody can show again."""

    key: ApiKey
    token: str


@transaction.atomic
def issue(
    workspace: Workspace,
    *,
    scope: Scope,
    name: str = "",
    expires_at: datetime | None = None,
    agents: Iterable[Agent] | None = None,
    created_by: str = "",
    minter: ApiKey | None = None,
) -> IssuedKey:
    """A new key of the workspace. `expires_at` None: never; `agents`: those it is limited to.

    With a `minter`, KeyTooPowerful unless that key may do everything that the new one may.
    """
    key = ApiKey(
        workspace=workspace,
        scope=scope,
        name=name,
        expires_at=expires_at,
        agent_ids=None if agents is None else sorted(agent.id for agent in agents),
        created_by_id=created_by,
    )
    if minter is not None and not minter.covers(key):
        raise KeyTooPowerful
    return _saved(key)


@transaction.atomic
def rotate(
    key_id: str, now: datetime, *, overlap: timedelta, expires_at: datetime | None, created_by: str = ""
) -> IssuedKey:
    """A successor that may do the same; the key itself goes on for `overlap`, or until its own end if that is sooner.

    KeyNotFound; KeyNotWorking for a key that has come to its end.
    """
    old = ApiKey.objects.select_for_update(of=("self",)).select_related("workspace").filter(id=key_id).first()
    if old is None:
        raise KeyNotFound
    if not old.is_working or (old.expires_at is not None and old.expires_at <= now):
        raise KeyNotWorking
    _end_by(old, now + overlap, now)
    return _saved(
        ApiKey(
            workspace=old.workspace,
            scope=old.scope,
            name=old.name,
            agent_ids=old.agent_ids,
            expires_at=expires_at,
            replaces=old,
            created_by_id=created_by,
        )
    )


def _end_by(key: ApiKey, end: datetime, now: datetime) -> None:
    if end <= now:
        revoke(key, now)
    elif key.expires_at is None or key.expires_at > end:
        ApiKey.objects.filter(id=key.id).update(expires_at=end)
        journal.record("update", key, journal.difference({"expires_at": key.expires_at}, {"expires_at": end}))


def _saved(key: ApiKey) -> IssuedKey:
    secret = secrets.token_urlsafe(32)
    key.secret_sha256 = _digest(secret)
    key.save(force_insert=True)
    journal.record("create", key, journal.first_values({name: getattr(key, name) for name in _RECORDED}))
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


def note_use(key: ApiKey, now: datetime, address: str = "") -> None:
    """Remember the last use and where it came from, to the minute: not one write a request."""
    if key.last_used_at is None or key.last_used_at < now - LAST_USE_PRECISION:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USE_PRECISION)
        ApiKey.objects.filter(stale, id=key.id).update(last_used_at=now, last_used_address=address)
        key.last_used_at = now  # whoever holds the key need not write it again


@transaction.atomic
def revoke(key: ApiKey, now: datetime) -> None:
    """The key stops working for good."""
    if ApiKey.objects.filter(id=key.id, revoked_at=None).update(revoked_at=now, is_enabled=False):
        journal.record("revoke", key)


def covered_by(minter: ApiKey) -> "QuerySet[ApiKey]":
    """The keys that may do nothing that the minter may not: those it may look at, rotate and revoke."""
    keys = ApiKey.objects.filter(workspace=minter.workspace_id, scope__in=_scopes_below(minter))
    if minter.agent_ids is None:
        return keys
    theirs = [key.id for key in keys.exclude(agent_ids=None) if minter.covers(key)]
    return keys.filter(id__in=theirs)


def covered_key(minter: ApiKey, key_id: str) -> ApiKey:
    """One of them; KeyNotFound, also for a key that may do more."""
    key = covered_by(minter).filter(id=key_id).first() if is_ulid(key_id) else None
    if key is None:
        raise KeyNotFound
    return key


def agents_named(workspace: Workspace, agent_keys: Iterable[str], reach: ApiKey | None = None) -> list[Agent]:
    """The workspace's agents of these keys, as far as `reach` reaches; InvalidRequest for one that is none."""
    wanted = set(agent_keys)
    agents = [
        agent
        for agent in Agent.objects.live().filter(workspace=workspace, key__in=wanted)
        if reach is None or reach.reaches(agent.id)
    ]
    missing = wanted - {agent.key for agent in agents}
    if missing:
        raise InvalidRequest(f"There is no agent {min(missing)!r}", param="agent_keys")
    return agents


def expiring(now: datetime) -> list[ApiKey]:
    """The working keys that end soon and have no successor, the next one first."""
    soon = ApiKey.objects.filter(
        is_enabled=True,
        revoked_at=None,
        expires_at__gt=now,
        expires_at__lte=now + WARNED_BEFORE,
        replaced_by=None,
    )
    return list(soon.order_by("expires_at"))


def warn_of_expiring(now: datetime) -> int:
    """A line of the log for each key that is expiring; how many there are."""
    keys = expiring(now)
    for key in keys:
        log.warning(
            "key.expiring",
            key_id=key.id,
            name=key.name,
            workspace_id=str(key.workspace_id),
            expires_at=rfc3339(key.expires_at or now),
        )
    return len(keys)


def note_expired(now: datetime, keep: timedelta) -> int:
    """A line of the journal for each key that has come to its end; how many. `keep`: how long the journal is kept."""
    over = ApiKey.objects.filter(
        is_enabled=True, revoked_at=None, expires_at__lte=now, expires_at__gt=now - min(keep, NOTED_WITHIN)
    )
    lines = _EXPIRIES.filter(object_id=OuterRef("pk"))
    ids = list(over.filter(~Exists(lines)).order_by("expires_at").values_list("id", flat=True))
    return sum(_note_expired(key_id) for key_id in ids)


_EXPIRIES: Final = JournalEntry.objects.filter(object_type="apikey", verb="expire")


@transaction.atomic
def _note_expired(key_id: str) -> bool:
    """Once, however many processes do it: under the key's lock another statement sees what they have written."""
    key = ApiKey.objects.select_for_update().get(id=key_id)
    if _EXPIRIES.filter(object_id=key_id).exists():
        return False
    journal.record("expire", key)
    log.info("key.expired", key_id=key.id, name=key.name, workspace_id=str(key.workspace_id))
    return True


def _scopes_below(key: ApiKey) -> list[str]:
    return [scope.value for scope in Scope if Scope(key.scope).includes(scope)]


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
