"""Secrets at rest: sealed with Fernet; the newest key seals, every configured key opens (MultiFernet)."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("There is no encryption key: set ORQ_ENCRYPTION_KEYS.")
    return MultiFernet([Fernet(key) for key in keys])


def seal(clear: str) -> str:
    """The text encrypted and authenticated, ASCII."""
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(clear.encode()).decode()


def unseal(sealed: str) -> str:
    """The clear text; cryptography's InvalidToken when no configured key opens it."""
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed.encode()).decode()


def is_newest(sealed: str) -> bool:
    """Whether the newest key opens it, so that no older one is needed."""
    try:
        _fernet(tuple(settings.ENCRYPTION_KEYS[:1])).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def reseal(sealed: str) -> str:
    """The same secret sealed with the newest key; InvalidToken when no configured key opens it."""
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).rotate(sealed.encode()).decode()
