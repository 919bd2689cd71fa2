"""docker-compose.yml as Compose reads it: anchors resolved, variables filled in."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"

SECRETS = {
    "POSTGRES_PASSWORD": "letters0and1digits",
    "SERVICE_PASSWORD": "more0letters3and4digits",
    "REDIS_PASSWORD": "other0letters1and2digits",
    "ORQ_SECRET_KEY": "0123456789abcdef" * 4,
    "ORQ_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
}
"""The variables without which Compose refuses to start anything."""

_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<sign>[-?])(?P<other>[^}]*))?\})")

Service = dict[str, Any]


class VariableMissing(Exception):
    """A variable marked as required (`${NAME:?message}`) is not set."""


def configurations() -> dict[str, str]:
    """The texts of the small files by name."""
    parsed = yaml.safe_load(filled(FILE.read_text(), SECRETS))["configs"]
    return {name: each["content"] for name, each in parsed.items()}


def networks() -> dict[str, Any]:
    """The networks by name."""
    parsed: dict[str, Any] = yaml.safe_load(filled(FILE.read_text(), SECRETS))["networks"]
    return parsed


def services(variables: Mapping[str, str] = SECRETS) -> dict[str, Service]:
    """The services by name; VariableMissing as Compose would refuse."""
    text = filled(FILE.read_text(), variables)
    parsed: dict[str, Service] = yaml.safe_load(text)["services"]
    return parsed


def filled(text: str, variables: Mapping[str, str]) -> str:
    """The text with its `${NAME}`, `${NAME:-default}`, `${NAME:?message}` and `$$` replaced."""

    def replace(match: re.Match[str]) -> str:
        if match["name"] is None:
            return "$"
        value = variables.get(match["name"], "")
        if value or match["sign"] is None:
            return value
        if match["sign"] == "?":
            raise VariableMissing(f"{match['name']}: {match['other']}")
        return match["other"]

    return _VARIABLE.sub(replace, text)


def variables_of(text: str) -> set[str]:
    """The names of all variables a text asks for."""
    return {match["name"] for match in _VARIABLE.finditer(text) if match["name"]}
