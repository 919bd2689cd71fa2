"""Two acts at once in two database sessions, and the orders they may be explained by."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

from django.db import connection

from tests.proofs.model.acts import Act, Fire
from tests.proofs.model.faults import Session
from tests.proofs.model.ghost import Ghost

Done = list[tuple[Act, Any]]


def overlaps_are_possible() -> bool:
    """SQLite lets one transaction write at a time and nobody see it before its end: there is nothing to overlap."""
    return connection.vendor == "postgresql"


def overlapped(
    sessions: tuple[Session, Session], acts: tuple[Act, Act], pause: int
) -> tuple[tuple[Any, Any], bool]:
    """The outcomes of both acts, and whether the second had to wait.

    The first is held up before its statement of number `pause`. The second goes on until it has ended or waits
    for a lock of the first; only then may the first go on. So the outcome hangs on no clock.
    """
    one, two = sessions
    first = one.start(acts[0].do, pause_before=pause)
    try:
        one.wait_until_paused(first)
        second = two.start(acts[1].do)
        is_blocked = two.wait_until_blocked(second)
    finally:
        one.go_on()
    return (first.result(timeout=30), second.result(timeout=30)), is_blocked


def orders(ghost: Ghost, done: Done) -> Iterator[tuple[Ghost, Done]]:
    """Each order the acts may be explained by, with a ghost of its own.

    A beat passes over a schedule whose row another session holds: that explains it as well.
    """
    for order in (done, done[::-1]):
        yield deepcopy(ghost), order
    held = [act.locks for act, _ in done]
    for place, (act, outcome) in enumerate(done):
        locks = held[1 - place]
        if isinstance(act, Fire) and locks is not None:
            passing = (replace(act, skipped=locks), outcome)
            other = done[1 - place]
            yield deepcopy(ghost), [passing, other]
            yield deepcopy(ghost), [other, passing]
