"""What every group of settings has: the prefix of its variables, and lists written with commas."""

from pathlib import Path
from typing import Annotated, ClassVar, Final, TypeVar

from pydantic import BeforeValidator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

BASE_DIR: Final = Path(__file__).resolve().parents[2]

Value = TypeVar("Value")


class Group(BaseSettings):
    """Settings of one subject; the field names in capitals are the environment variables."""

    model_config = SettingsConfigDict(env_prefix="ORQ_", extra="ignore", frozen=True)

    _mask_wrapped: ClassVar = True
    """Django's settings ask each value for it at each look, and pydantic takes long to say that it has none."""


def split_at_commas(value: object) -> object:
    """The parts of a text, without the empty ones."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


CommaSeparated = Annotated[list[Value], NoDecode, BeforeValidator(split_at_commas)]
