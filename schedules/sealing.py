"""Secrets at rest: sealed with Fernet; the newest key seals, every configured key opens (MultiFernet)."""

from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def seal(clear: str) -> str:
    """The text encrypted and authenticated, ASCII."""
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(clear.encode()).decode()


def unseal(sealed: str) -> str:
    """The clear text; cryptography's InvalidToken when no configured key opens it."""
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed.encode()).decode()
