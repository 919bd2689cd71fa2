"""A call in flight has ended: whoever waits for its slot is rung for, after the commit.

How is up to the process: workers and web servers have a thread for it, see `workers/ringer.py`. Where nobody rings,
and where a ring is lost, a beat's next look makes up for it.
"""

from collections.abc import Callable
from functools import partial

from django.db import transaction

Ring = Callable[[str | None], None]
"""Told whose call has ended, if that is known."""

_ring: Ring | None = None


def ring_by(ring: Ring | None) -> None:
    """From now on this process rings so; `ring` returns at once. None: it leaves that to the beats."""
    global _ring
    _ring = ring


def ring(agent_id: str | None = None) -> None:
    """A slot may be free: once this transaction has committed, runs that wait get their messages.

    `agent_id`: whose call has ended.
    """
    if _ring is not None:
        transaction.on_commit(partial(_ring, agent_id))
