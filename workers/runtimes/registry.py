"""Find the runtimes: our own, and those that other packages bring as entry points.

A package brings one by an entry point of the group `agent_schedules.runtimes` that leads to its class (or to an
instance). One that cannot be used is reported and left out: it must not keep the others from their work.
"""

import threading
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import structlog

from workers.runtimes.a2a import A2aRuntime
from workers.runtimes.base import Needs, Runtime
from workers.runtimes.chat import ChatRuntime
from workers.runtimes.echo import EchoRuntime
from workers.runtimes.responses import ResponsesRuntime
from workers.runtimes.webhook import WebhookRuntime

log = structlog.get_logger(__name__)

GROUP = "agent_schedules.runtimes"

LONGEST_NAME = 20
"""Characters: what an agent's row has room for."""

BUILT_IN: tuple[type[Runtime], ...] = (EchoRuntime, ResponsesRuntime, ChatRuntime, A2aRuntime, WebhookRuntime)

_loading = threading.RLock()


class UnknownRuntime(LookupError):
    """No runtime has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no runtime {name!r}; there are {', '.join(runtime_names())}")


class UnusableRuntime(ValueError):
    """What an entry point leads to is no runtime."""


def runtime_for(name: str) -> Runtime:
    """The runtime of that name; raises `UnknownRuntime`. The same object for every caller and thread."""
    try:
        return _registry()[name]
    except KeyError:
        raise UnknownRuntime(name) from None


def runtime_names() -> list[str]:
    """The names that `runtime_for` knows, sorted."""
    return sorted(_registry())


def runtimes() -> list[Runtime]:
    """Every runtime, sorted by name."""
    return [_registry()[name] for name in runtime_names()]


def _registry() -> dict[str, Runtime]:
    with _loading:  # two threads must not make two objects of one runtime
        return _loaded()


@cache
def _loaded() -> dict[str, Runtime]:
    registry: dict[str, Runtime] = {runtime.name: runtime for runtime in (kind() for kind in BUILT_IN)}
    for runtime in _brought_by_others(registry):  # each sees the names taken before it
        registry[runtime.name] = runtime
    return registry


def _brought_by_others(taken: dict[str, Runtime]) -> Iterator[Runtime]:
    for entry_point in sorted(entry_points(group=GROUP)):
        try:
            runtime = _usable(_loaded_from(entry_point), taken)
        except (Exception, SystemExit) as error:
            log.error("runtime.unusable", name=entry_point.name, error=f"{type(error).__name__}: {error}")
        else:
            yield runtime


def _loaded_from(entry_point: EntryPoint) -> Any:
    """What the entry point leads to, made if it is a class. Raises whatever its package raises."""
    loaded: Any = entry_point.load()
    return loaded() if isinstance(loaded, type) else loaded


def _usable(runtime: Any, taken: dict[str, Runtime]) -> Runtime:
    """The runtime, when it is one under a name of its own. Raises `UnusableRuntime`."""
    name = getattr(runtime, "name", None)
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise UnusableRuntime(f"a runtime has a name of 1 to {LONGEST_NAME} characters")
    if name in taken:
        raise UnusableRuntime(f"there is a runtime {name!r} already")
    if not isinstance(getattr(runtime, "needs", None), Needs):
        raise UnusableRuntime("a runtime says what it needs: needs = Needs(…)")
    if not all(callable(getattr(runtime, method, None)) for method in ("check", "call")):
        raise UnusableRuntime("a runtime has the methods check and call")
    usable: Runtime = runtime
    return usable
