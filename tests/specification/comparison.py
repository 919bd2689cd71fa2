"""Two OpenAPI documents, reduced to what a client depends on, and where they differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

Facts = dict[str, Any]

_WORDS: Final = ("description", "title", "examples", "example")
_SETS: Final = ("required", "enum")


@dataclass(frozen=True, slots=True)
class Difference:
    """Where, and how our document differs: `added`, `missing` or `changed`."""

    place: str
    kind: str
    value: Any
    """Ours; what is missing, where it is."""


def facts(document: Facts, like: Facts) -> Facts:
    """What a document says of the operations and components of `like`, in a form that can be compared.

    An order without a meaning is gone, and so are words for people. A schema that has a name in this document, but
    none in `like`, stands where it is used.
    """
    wanted = {operation["operationId"] for _, _, operation in _operations(like)}
    named = like["components"]["schemas"]
    reader = _Reader(document["components"]["schemas"], set(named))
    return {
        "openapi": document["openapi"],
        "info": {name: document["info"][name] for name in ("title", "version")},
        "servers": document.get("servers", []),
        "externalDocs": document.get("externalDocs", {}),
        "securitySchemes": reader.plain(document["components"]["securitySchemes"]),
        "schemas": {name: reader.plain(document["components"]["schemas"][name]) for name in named},
        "operations": {
            operation["operationId"]: _operation(reader, document, path, method, operation)
            for path, method, operation in _operations(document)
            if operation["operationId"] in wanted
        },
    }


def _operations(document: Facts) -> Iterator[tuple[str, str, Facts]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _operation(reader: "_Reader", document: Facts, path: str, method: str, operation: Facts) -> Facts:
    return {
        "path": path,
        "method": method,
        "summary": operation["summary"],
        "tags": set(operation["tags"]),
        "security": operation.get("security", document.get("security")),
        "body": operation.get("requestBody"),
        "parameters": {
            f"{each['in']} {each['name']}": {
                "required": each.get("required", False),
                "schema": reader.plain(each["schema"]),
            }
            for each in operation["parameters"]
        },
        "responses": {status: _answer(reader, answer) for status, answer in operation["responses"].items()},
    }


def _answer(reader: "_Reader", answer: Facts) -> Facts:
    return {
        "media": set(answer["content"]),
        "schema": reader.plain(answer["content"]["application/json"]["schema"]),
        "headers": {name: reader.plain(header) for name, header in answer.get("headers", {}).items()},
    }


class _Reader:
    """Reads schemas of one document."""

    def __init__(self, schemas: Facts, kept: set[str]) -> None:
        self._schemas, self._kept = schemas, kept

    def plain(self, value: Any, *, is_name: bool = False) -> Any:
        """Without words for people; `is_name`: the keys are names of properties, which may be called so too."""
        if not isinstance(value, dict):
            return value
        name = str(value.get("$ref", "")).rsplit("/", 1)[-1]
        if name and name not in self._kept:
            return self.plain(self._schemas[name])
        return {
            key: set(part)
            if key in _SETS and isinstance(part, list) and not is_name
            else self.plain(part, is_name=key == "properties")
            for key, part in value.items()
            if is_name or key not in _WORDS
        }


def differences(theirs: Any, ours: Any, place: str = "") -> Iterator[Difference]:
    """Every place where ours differs from theirs, the outermost one of each."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in {**theirs, **ours}:
            yield from _of_key(theirs, ours, key, f"{place}/{key}".removeprefix("/"))
    elif isinstance(theirs, set) and isinstance(ours, set):
        yield from (Difference(f"{place}/{key}", "added", key) for key in sorted(ours - theirs))
        yield from (Difference(f"{place}/{key}", "missing", key) for key in sorted(theirs - ours))
    elif theirs != ours:
        yield Difference(place, "changed", ours)


def _of_key(theirs: Facts, ours: Facts, key: str, place: str) -> Iterator[Difference]:
    if key not in ours:
        yield Difference(place, "missing", theirs[key])
    elif key not in theirs:
        yield Difference(place, "added", ours[key])
    else:
        yield from differences(theirs[key], ours[key], place)
