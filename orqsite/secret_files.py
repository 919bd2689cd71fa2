"""Secrets the service makes for itself: files in the data folder, mode 0600, written once and never replaced."""

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet

from orqsite.environment import SettingInvalid


def read_or_create(path: Path, make: Callable[[], str]) -> str:
    """The file's text; a missing file is first written with `make()`, so that all processes agree on one value."""
    if not path.exists():
        _create(path, make())
    return path.read_text(encoding="ascii").strip()


def encryption_keys(path: Path) -> list[str]:
    """The file's Fernet keys, one a line, the newest first; a missing file is made with one key.

    SettingInvalid when a line is no key.
    """
    keys = read_or_create(path, lambda: Fernet.generate_key().decode()).split()
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


def _create(path: Path, text: str) -> None:
    """Write a complete file under another name and link it into place: whoever comes second keeps the first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
