"""A runtime that is registered for a test: it calls nobody, and its dialect `strict` refuses metadata."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from schedules import agent_runtimes
from workers.runtimes.base import Needs, PayloadRefused

NAME = "picky"
PARAM = "payload.metadata"


class PickyRuntime:
    """Says what it needs and refuses; the domain asks it for no more."""

    name = NAME
    needs = Needs(
        "Picky",
        has_address=True,
        default_path="/loose",
        dialects=("loose", "strict"),
        dialect_paths=(("/strict", "strict"),),
    )

    def check(self, payload: Mapping[str, Any], dialect: str) -> None:
        """Metadata is refused by the dialect `strict`."""
        if dialect == "strict" and payload.get("metadata"):
            raise PayloadRefused("this agent takes no metadata", PARAM)


@contextmanager
def registered() -> Iterator[None]:
    """The runtime is known inside the block."""
    agent_runtimes.register(PickyRuntime())
    try:
        yield
    finally:
        agent_runtimes._SPECS.pop(NAME)
