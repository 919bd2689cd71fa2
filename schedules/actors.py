"""Who acts: set once at each door (a request, a login, a command), read where an act is written into the journal.

Whoever comes through no door is the service itself: a beat, a worker, its housekeeping.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ActorKind(StrEnum):
    """What sort of actor it is."""

    USER = "user"
    KEY = "key"
    COMMAND = "command"
    SERVICE = "service"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who it is. `id`: of the user or the key; `name`: as people know it; `address`: where it came from."""

    kind: ActorKind
    id: str = ""
    name: str = ""
    address: str = ""


SERVICE: Final = Actor(ActorKind.SERVICE, name="service")

_current: ContextVar[Callable[[], Actor]] = ContextVar("actor", default=lambda: SERVICE)


def current() -> Actor:
    """Who acts now."""
    return _current.get()()


@contextmanager
def acting(who: Callable[[], Actor]) -> Iterator[None]:
    """Inside the block `who` acts; it is asked when something is written, since a login may come in between."""
    token = _current.set(who)
    try:
        yield
    finally:
        _current.reset(token)


def become(kind: ActorKind, id_: str, name: str) -> None:
    """Whoever came in here has shown who it is; where it comes from stays. It ends with the block of `acting`."""
    actor = Actor(kind, id_, name, current().address)
    _current.set(lambda: actor)
