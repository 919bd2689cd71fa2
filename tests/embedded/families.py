"""What became of the processes a test started."""

import psutil


def is_gone(pid: int) -> bool:
    """Whether the process does nothing any more: ended, even if its parent has not taken note of it yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def are_gone(family: list[psutil.Process]) -> bool:
    """Whether all of them are."""
    return all(is_gone(process.pid) for process in family)
