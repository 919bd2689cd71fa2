"""What the domain knows of the runtimes that call agents: their names, what each needs, what each refuses.

The domain calls no agent. Whoever brings the runtimes registers them here when the process starts, so that forms,
commands and the API can offer them, and refuse a payload when it is saved instead of at each firing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from schedules.errors import InvalidRequest


class RuntimeNeeds(Protocol):
    """What a runtime declares of itself.

    `label`: for people. `has_address`: it calls a server, so that its agents need a base URL. `default_path`: where
    on that server, unless the agent says otherwise; empty: the base URL is the whole address. `dialects`: their
    names, none when the runtime has one form only.
    """

    @property
    def label(self) -> str: ...
    @property
    def has_address(self) -> bool: ...
    @property
    def default_path(self) -> str: ...
    @property
    def dialects(self) -> tuple[str, ...]: ...
    def dialect_for(self, path: str) -> str:
        """The dialect of an agent that names none, from its path; empty where there is one form only."""
        ...


class RuntimeSpec(Protocol):
    """A runtime as the domain sees it."""

    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> RuntimeNeeds: ...
    def check(self, payload: Mapping[str, Any], dialect: str) -> None:
        """Raise a `ValueError` with a `param` for a payload that no call could ever send."""
        ...


class UnknownRuntime(LookupError):
    """No runtime of that name is registered in this process."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no runtime {name!r}; there are {', '.join(names())}")


Filling = Callable[[Any, Mapping[str, Any]], Any]
"""Gives an input with the given variables filled in; ValueError when that grows too large."""

_SPECS: dict[str, RuntimeSpec] = {}
_fillings: list[Filling] = []


def register(spec: RuntimeSpec) -> None:
    """Make a runtime known under its name; safe to repeat."""
    _SPECS[spec.name] = spec


def names() -> list[str]:
    """The names of all registered runtimes, sorted."""
    return sorted(_SPECS)


def spec_of(name: str) -> RuntimeSpec:
    """The runtime of that name; UnknownRuntime."""
    try:
        return _SPECS[name]
    except KeyError:
        raise UnknownRuntime(name) from None


def choices() -> list[tuple[str, str]]:
    """Name and label of every registered runtime, for forms."""
    return [(name, _SPECS[name].needs.label) for name in names()]


def check_payload(name: str, payload: Mapping[str, Any], dialect: str = "", path: str = "") -> None:
    """Refuse a payload that the agent's runtime could never send; InvalidRequest names the field.

    `payload` as it is stored: secrets marked, their values hidden. `dialect` and `path` are the agent's settings.
    Of a runtime that this process does not have nothing is known and nothing refused: its runs will say so.
    """
    spec = _SPECS.get(name)
    if spec is None:
        return
    try:
        spec.check(payload, dialect_of(name, dialect, path))
    except ValueError as refusal:
        if (param := getattr(refusal, "param", None)) is None:
            raise
        raise InvalidRequest(str(refusal), param=param) from None


def dialect_of(name: str, dialect: str, path: str) -> str:
    """The dialect of an agent with these settings; empty where its runtime has one form only, or is not here."""
    spec = _SPECS.get(name)
    return dialect or (spec.needs.dialect_for(path) if spec else "")


def fill_by(filling: Filling) -> None:
    """Say how the runtimes fill variables into an input, so that people can be shown what was sent."""
    _fillings[:] = [filling]


def filled_input(value: Any, variables: Mapping[str, Any]) -> Any:
    """The input as the runtimes send it, with these variables; as it is written where nobody can tell."""
    try:
        return _fillings[0](value, variables) if _fillings else value
    except ValueError:
        return value
