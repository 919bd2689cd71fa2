"""Secrets the service makes for itself: files in the data folder, mode 0600, written once and never replaced."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet

from orqsite.environment import SettingInvalid, is_weak


def secret_key(path: Path) -> str:
    """The file's signing key; a missing file is made."""
    key = read_or_create(path, lambda: secrets.token_urlsafe(64))
    if is_weak(key):
        raise SettingInvalid(f"{path}: the key in it is too weak; delete the file for a new one")
    return key


def encryption_keys(path: Path) -> list[str]:
    """The file's Fernet keys, one a line, the newest first; none without a file.

    SettingInvalid when a line is no key.
    """
    if not _exists(path):
        return []
    keys = read(path).split()
    for number, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise SettingInvalid(
                f"{path}: line {number} is not a Fernet key (32 bytes, URL-safe base64)"
            ) from None
    if not keys:
        raise SettingInvalid(f"{path}: it holds no key; restore it, or delete the file for a new key")
    return keys


def make_encryption_key(path: Path) -> None:
    """Make the file with one key if there is none: for a service that lives on this machine only."""
    read_or_create(path, lambda: Fernet.generate_key().decode())


def read_or_create(path: Path, make: Callable[[], str]) -> str:
    """The file's text; a missing file is first written with `make()`, so that all processes agree on one value."""
    if not _exists(path):
        try:
            _create(path, make())
        except OSError as error:
            raise _unusable(path, "written", error) from None
    return read(path)


def read(path: Path) -> str:
    """The file's text; SettingInvalid when it cannot be read."""
    try:
        return path.read_text(encoding="ascii").strip()
    except UnicodeDecodeError:
        raise SettingInvalid(f"{path}: this is not a file of keys; restore it") from None
    except OSError as error:
        raise _unusable(path, "read", error) from None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise _unusable(path, "read", error) from None


def _unusable(path: Path, verb: str, error: OSError) -> SettingInvalid:
    return SettingInvalid(
        f"ORQ_DATA_DIR: {path} cannot be {verb} ({error.strerror}). Give this user the right to use the folder, "
        "make room on its disk, or name another folder in ORQ_DATA_DIR"
    )


def _create(path: Path, text: str) -> None:
    """Write a complete file under another name and link it into place: whoever comes second keeps the first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
