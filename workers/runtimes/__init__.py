"""Adapters that call an agent, by the name that an agent's settings give."""

from workers.runtimes.base import AgentCall, Answer, CallAborted, CallFailed, Endpoint, Runtime
from workers.runtimes.echo import EchoRuntime
from workers.runtimes.responses import ResponsesRuntime

__all__ = [
    "AgentCall",
    "Answer",
    "CallAborted",
    "CallFailed",
    "Endpoint",
    "Runtime",
    "UnknownRuntime",
    "runtime_for",
    "runtime_names",
    "runtimes",
]

_RUNTIMES: dict[str, Runtime] = {runtime.name: runtime for runtime in (EchoRuntime(), ResponsesRuntime())}


class UnknownRuntime(LookupError):
    """No runtime has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no runtime {name!r}; there are {', '.join(runtime_names())}")


def runtime_for(name: str) -> Runtime:
    """The runtime of that name; raises `UnknownRuntime`. The same object for every caller and thread."""
    try:
        return _RUNTIMES[name]
    except KeyError:
        raise UnknownRuntime(name) from None


def runtime_names() -> list[str]:
    """The names that `runtime_for` knows, sorted."""
    return sorted(_RUNTIMES)


def runtimes() -> list[Runtime]:
    """Every runtime, sorted by name."""
    return [_RUNTIMES[name] for name in runtime_names()]
