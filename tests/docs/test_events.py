"""docs/events.md names every log event of the code, with its levels and its fields, and no other."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.pages import ROOT, tables, text_of

PACKAGES = ("orqsite", "schedules", "workers")
LEVELS = {"exception": "error"}
"""Methods of the logger that are not named after their level."""
OF_THE_LOGGER = {"exc_info"}


@dataclass(slots=True)
class Event:
    """What the code says of an event, or the page; `is_open`: fields may come from a mapping too."""

    levels: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Emission:
    """One place where an event is logged: its name (or the parameter that holds it), level and fields."""

    name: ast.expr
    level: str
    fields: frozenset[str]
    is_open: bool


def of_the_code() -> dict[str, Event]:
    """Every event that some `log.<level>(…)` of the packages emits."""
    events: dict[str, Event] = defaultdict(Event)
    for package in PACKAGES:
        for path in Path(ROOT, package).rglob("*.py"):
            for name, emission in _events_in(ast.parse(path.read_text())):
                events[name].levels.add(emission.level)
                events[name].fields |= emission.fields
                events[name].is_open |= emission.is_open
    return dict(events)


def _events_in(tree: ast.Module) -> Iterator[tuple[str, Emission]]:
    """Events by name; those whose name is a function's first parameter are named by its callers."""
    reporters = {
        function.name: emission
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.args.args
        for emission in _emissions(function)
        if isinstance(emission.name, ast.Name) and emission.name.id == function.args.args[0].arg
    }
    for emission in _emissions(tree):
        yield from ((name, emission) for name in _texts(emission.name))
    for call in ast.walk(tree):
        match call:
            case ast.Call(func=ast.Name(id=name), args=[event, *_]) if name in reporters:
                reported = reporters[name]
                fields = reported.fields | _fields(call)
                emission = Emission(event, reported.level, fields, is_open=False)
                yield from ((text, emission) for text in _texts(event))


def _emissions(tree: ast.AST) -> Iterator[Emission]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=method), args=[event, *_]):
                is_open = any(keyword.arg is None for keyword in node.keywords)
                yield Emission(event, LEVELS.get(method, method), _fields(node), is_open)


def _fields(call: ast.Call) -> frozenset[str]:
    return frozenset(keyword.arg for keyword in call.keywords if keyword.arg) - OF_THE_LOGGER


def _texts(name: ast.expr) -> list[str]:
    """The names an expression can give: a text, or one of two."""
    match name:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=other):
            return _texts(body) + _texts(other)
    return []


def of_the_page() -> dict[str, Event]:
    """Every event the page names."""
    [rows] = tables(text_of("docs/events.md"))
    return {
        name: Event(set(levels.split(", ")), set(re.findall(r"\w+", fields)))
        for name, levels, fields, _ in rows
    }


def test_the_page_names_every_event_of_the_code_and_no_other() -> None:
    assert list(of_the_page()) == sorted(of_the_code())


def test_the_levels_are_those_of_the_code() -> None:
    levels = {name: event.levels for name, event in of_the_page().items()}

    assert levels == {name: event.levels for name, event in of_the_code().items()}


def test_the_fields_are_those_of_the_code() -> None:
    documented = of_the_page()

    for name, event in of_the_code().items():
        if event.is_open:
            assert event.fields <= documented[name].fields, name
        else:
            assert event.fields == documented[name].fields, name


def test_every_event_says_what_it_means() -> None:
    [rows] = tables(text_of("docs/events.md"))

    assert all(meaning.endswith(".") for *_, meaning in rows)
