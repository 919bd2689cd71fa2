"""What is there before the generated requests come, as it passes between processes. Standard library only."""

import json
import os
from dataclasses import asdict, dataclass
from typing import Final, Self

VARIABLE: Final = "FUZZ_GIVEN"
"""The environment variable through which the hooks get it."""

Place = dict[str, str]
"""Values of path parameters that belong together: `agent_key`, `schedule_id`, `run_id`."""


@dataclass(frozen=True, slots=True)
class Given:
    """Real ids. Operations that use up what they touch have places of their own."""

    key: str
    reader: str
    places: list[Place]
    """A schedule of each type, active and paused, each with runs in every state."""
    own_places: dict[str, list[Place]]
    """By operation id."""

    @classmethod
    def from_environment(cls) -> Self:
        """As the parent process handed it down."""
        return cls(**json.loads(os.environ[VARIABLE]))

    def as_json(self) -> str:
        """For the environment of a child."""
        return json.dumps(asdict(self))
