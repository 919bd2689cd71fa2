"""One driver for each runtime: the agent it calls in tests, and how that agent is told to behave.

A new runtime of ours adds a file here and a line below. A package of somebody else's brings its driver by an entry
point of the group `agent_schedules.runtime_drivers`, under the runtime's name.
"""

from contextlib import AbstractContextManager
from importlib.metadata import entry_points
from typing import Any, Protocol

from tests.agent_server import Behaviour
from tests.workers.runtimes.drivers import a2a, chat, echo, responses, webhook
from workers.runtimes import Endpoint

GROUP = "agent_schedules.runtime_drivers"


class Driver(Protocol):
    """Starts an agent (`with`) that answers a call with the texts of its input, one a line."""

    def __enter__(self) -> "Driver": ...

    def __exit__(self, *exc_info: object) -> None: ...

    def endpoint(self, **changes: Any) -> Endpoint:
        """Where the runtime finds the agent; `changes` as `make_endpoint` takes them."""
        ...

    def script(self, *behaviours: Behaviour) -> None:
        """What the agent does with the next calls; the last behaviour stays."""
        ...

    def calls(self) -> list[dict[str, Any]]:
        """The requests that started work, oldest first: `headers` (names in lower case) and `body`."""
        ...


DRIVERS: dict[str, type[Any]] = {
    "a2a": a2a.A2aDriver,
    "chat": chat.ChatDriver,
    "echo": echo.EchoDriver,
    "responses": responses.ResponsesDriver,
    "webhook": webhook.WebhookDriver,
}


def driver_for(runtime_name: str) -> AbstractContextManager[Driver]:
    """A driver of that runtime, not yet started; LookupError says how to bring one."""
    if runtime_name in DRIVERS:
        driver: AbstractContextManager[Driver] = DRIVERS[runtime_name]()
        return driver
    for entry_point in entry_points(group=GROUP, name=runtime_name):
        brought: AbstractContextManager[Driver] = entry_point.load()()
        return brought
    raise LookupError(f"the runtime {runtime_name!r} needs a driver: see {__name__}")
