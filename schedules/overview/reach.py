"""How far somebody may look."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Reach:
    """Where somebody may look; None: everywhere."""

    workspaces: Collection[UUID] | None = None
    agents: Collection[str] | None = None
