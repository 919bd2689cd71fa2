"""The folder of all local state, held by one `up` at a time."""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orqsite.embedded import watchdog
from orqsite.embedded.cannot_start import CannotStart

ORPHANS_SECONDS = watchdog.GRACE_SECONDS + 3


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder, made when missing, for us alone; CannotStart when it is not writable or in use.

    The watchdog holds the lock too, so that the next `up` begins when the last process of this one is gone.
    """
    descriptor = _open(folder)
    try:
        _lock(descriptor, folder)
        _sign(descriptor, folder)
        watchdog.start(keep_open=(descriptor,))
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _open(folder: Path) -> int:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotStart(unusable(folder, error)) from None


def _sign(descriptor: int, folder: Path) -> None:
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    except OSError as error:
        raise CannotStart(unusable(folder, error)) from None


def unusable(folder: Path, error: OSError) -> str:
    """The sentence of an error of the file system."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of the data folder {folder} is full. Make room, or name another folder in ORQ_DATA_DIR."
    return (
        f"the data folder {folder} is not writable ({error.strerror}). "
        "Give yourself the right to write there, or name another folder in ORQ_DATA_DIR."
    )


def keep_private(folder: Path) -> None:
    """Take the rights of others away from a database that was made while others could read it."""
    for file in folder.glob("db.sqlite3*"):
        with suppress(OSError):
            file.chmod(0o600)


def _lock(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + ORPHANS_SECONDS
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        owner = os.pread(descriptor, 20, 0).decode()
        if _is_running(owner) or time.monotonic() > deadline:
            raise CannotStart(
                f"another `up`{f' (process {owner})' if owner else ''} runs on the data folder {folder}. "
                "Stop that one first, or name another folder in ORQ_DATA_DIR."
            )
        time.sleep(0.1)  # it died; the watchdog is still ending its processes


def _is_running(owner: str) -> bool:
    try:
        os.kill(int(owner), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:  # somebody else's process
        return True
    return True
