"""The table of settings is the code's: names, defaults, meanings."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from orqsite.environment import BASE_DIR, Environment
from tests.docs.pages import tables, text_of


def documented() -> list[list[str]]:
    """The rows of the first table; others are about a single setting."""
    return tables(text_of("docs/settings.md"))[0]


def of_the_code() -> list[list[str]]:
    """A row for each field: variable, default as one would write it, description."""
    return [
        [
            str(field.validation_alias or f"ORQ_{name.upper()}"),
            written(field.get_default(call_default_factory=True)),
            str(field.description),
        ]
        for name, field in Environment.model_fields.items()
    ]


def written(value: Any) -> str:
    """A default as it would stand in the environment; a dash when it is empty."""
    match value:
        case bool():
            return str(value).lower()
        case SecretStr():
            return value.get_secret_value() or "–"
        case list():
            return ",".join(value) or "–"
        case Path():
            return str(value.relative_to(BASE_DIR))
    return str(value) or "–"


def test_every_setting_has_its_row_with_its_default_and_meaning() -> None:
    assert documented() == of_the_code()


def test_every_setting_says_what_it_means() -> None:
    assert all(field.description for field in Environment.model_fields.values())
