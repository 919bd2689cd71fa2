"""Which encryption keys this database knows, so that a process with another one is noticed before it does harm.

A process adds the keys it has: that is how a rotation makes a new one known. One that has none of the known keys
adds nothing.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from django.conf import settings

from schedules.database.clock import database_now
from schedules.models import Agent, KnownEncryptionKey
from schedules.secrets.sealing import unseal

FOREIGN = "foreign"
INCOMPLETE = "incomplete"
OK = "ok"
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class KeyState:
    """How this process's keys stand to the database's; `missing`: beginnings of the fingerprints it lacks."""

    name: str
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        return _SENTENCES[self.name].format(missing=", ".join(self.missing))


_SENTENCES = {
    OK: "the encryption keys are those of this database",
    MISSING: "there is no encryption key",
    FOREIGN: (
        "none of the encryption keys is one that this database's secrets are sealed with "
        "(known fingerprints: {missing})"
    ),
    INCOMPLETE: "secrets sealed with another process's key cannot be opened here (fingerprints: {missing})",
}


def fingerprint_of(key: str) -> str:
    """What stands in the database for a key; it tells nothing of the key."""
    return hashlib.sha256(b"agent-schedules encryption key " + key.encode()).hexdigest()


def check() -> KeyState:
    """At a start: compare this process's keys with the database's, and make new ones known; django.db.Error."""
    state = compare()
    if state.name in (OK, INCOMPLETE):
        _make_known([fingerprint_of(key) for key in settings.ENCRYPTION_KEYS])
    return state


def compare() -> KeyState:
    """Compare only, changing nothing; django.db.Error."""
    own = {fingerprint_of(key) for key in settings.ENCRYPTION_KEYS}
    if not own:
        return KeyState(MISSING)
    needed = set(KnownEncryptionKey.objects.in_use().values_list("fingerprint", flat=True))
    if needed.isdisjoint(own) and (needed or not _opens_what_is_stored()):
        return KeyState(FOREIGN, _shown(needed))
    missing = needed - own
    return KeyState(INCOMPLETE, _shown(missing)) if missing else KeyState(OK)


def retire_all_but_newest() -> None:
    """After everything was sealed anew: the older keys are needed no more."""
    newest = fingerprint_of(settings.ENCRYPTION_KEYS[0])
    KnownEncryptionKey.objects.in_use().exclude(fingerprint=newest).update(retired_at=database_now())


def _opens_what_is_stored() -> bool:
    """A database that knows no key yet may be older than this table: it is asked for a secret to open."""
    sealed = Agent.objects.exclude(sealed_credential="").values_list("sealed_credential", flat=True).first()
    try:
        return sealed is None or unseal(sealed) is not None
    except InvalidToken:
        return False


def _make_known(fingerprints: list[str]) -> None:
    """All of them; and the newest is in use again, should it have been retired."""
    new = [KnownEncryptionKey(fingerprint=each) for each in fingerprints]
    KnownEncryptionKey.objects.bulk_create(new, ignore_conflicts=True)
    retired = KnownEncryptionKey.objects.filter(fingerprint=fingerprints[0]).exclude(retired_at=None)
    retired.update(retired_at=None)


def _shown(fingerprints: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(each[:12] for each in fingerprints))
