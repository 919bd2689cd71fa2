"""The echo runtime calls nobody: there is no agent to drive."""

from typing import Any, Self

from tests.agent_server import Behaviour
from tests.workers.runtimes.factories import make_endpoint
from workers.runtimes import Endpoint


class EchoDriver:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass

    def endpoint(self, **changes: Any) -> Endpoint:
        return make_endpoint("", **changes)

    def script(self, *behaviours: Behaviour) -> None:
        """Nobody is there to behave."""

    def calls(self) -> list[dict[str, Any]]:
        return []
