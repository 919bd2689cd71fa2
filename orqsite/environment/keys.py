"""The two secrets that all processes share."""

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, field_validator

from orqsite.environment.group import CommaSeparated, Group

SHORTEST_SECRET_KEY = 32
FEWEST_CHARACTERS = 5
"""Different ones in a secret key: fewer are a placeholder."""

SECRET_KEY_RULE = (
    f"at least {SHORTEST_SECRET_KEY} characters, {FEWEST_CHARACTERS} of them different. Make one with: "
    'python3 -c "import secrets; print(secrets.token_urlsafe(64))"'
)


def is_weak(secret_key: str) -> bool:
    """Whether a signing key can be guessed: whoever does logs in as anybody."""
    return len(secret_key) < SHORTEST_SECRET_KEY or len(set(secret_key)) < FEWEST_CHARACTERS


class Keys(Group):
    """What is signed and sealed with."""

    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Django's signing key, at least 32 characters; default: a generated file in the data folder",
    )
    encryption_keys: CommaSeparated[SecretStr] = Field(
        default_factory=list,
        description="comma-separated Fernet keys, newest first; default: the file of them in the data folder",
    )

    @field_validator("secret_key")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr) -> SecretStr:
        if value and is_weak(value.get_secret_value()):
            raise ValueError(f"too weak: {SECRET_KEY_RULE}")
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _keys_that_seal(cls, value: list[SecretStr]) -> list[SecretStr]:
        for position, key in enumerate(value, start=1):
            try:
                Fernet(key.get_secret_value())
            except ValueError:
                raise ValueError(f"key {position} is not a Fernet key (32 bytes, URL-safe base64)") from None
        return value
