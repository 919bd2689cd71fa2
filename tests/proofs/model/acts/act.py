"""What every act has."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, NamedTuple, Protocol

from django.conf import settings

from tests.proofs.model.broker import Message, SenderKilled, broker

KILLED: Final = "killed after the commit"
"""The outcome of an act whose process died before its messages left."""

LEASE: Final = timedelta(seconds=15)
TRIGGER_DELAY: Final = timedelta(seconds=10)  # the contract


class Sent(NamedTuple):
    """The outcome of an act that sends: its result, and the messages it tried to send after its commit."""

    result: Any
    messages: list[Message]


def sending(call: Callable[[], Any]) -> Sent:
    """Make the call and note what it sends; a process that dies before its messages have left returns nothing."""
    broker.take_attempted()
    try:
        result = call()
    except SenderKilled:
        result = KILLED
    return Sent(result, broker.take_attempted())


class Act(Protocol):
    """Something that is done to the service at one moment."""

    def do(self) -> Any:
        """Do it; its outcome: the result, or the refusal that was raised."""

    def see(self, ghost: Any, outcome: Any) -> None:
        """Let the ghost know; AssertionError when this outcome could not have been."""

    @property
    def locks(self) -> str | None:
        """The id of the schedule whose row it may hold for a while; None: of no particular one."""


def redispatch_wait() -> timedelta:
    """How long a message may be under way before it is sent again."""
    return timedelta(seconds=settings.ORQ.redispatch_seconds)
