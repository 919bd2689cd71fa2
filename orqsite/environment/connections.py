"""Where the database, Redis and the broker are, and the folder for what stays on this machine."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from orqsite.environment.group import BASE_DIR, Group
from orqsite.servers.broker_url import read_broker_url
from orqsite.servers.redis_url import read_redis_url


class Connections(Group):
    """Servers and the data folder."""

    database_url: SecretStr = Field(
        SecretStr(""),
        validation_alias="DATABASE_URL",
        description="PostgreSQL or SQLite URL; default: a SQLite file in the data folder",
    )
    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        validation_alias="REDIS_URL",
        description="URL of Redis or Valkey, for limits and, without BROKER_URL, the broker",
    )
    broker_url: SecretStr = Field(
        SecretStr(""),
        validation_alias="BROKER_URL",
        description="URL of the broker, Redis, Valkey or RabbitMQ; default: the server of REDIS_URL",
    )
    database_pool_size: int = Field(
        10,
        ge=2,
        le=500,
        description="maximum number of PostgreSQL connections per process",
    )
    transaction_pooler: bool = Field(
        False,
        description="a pooler in transaction mode, such as PgBouncer, is in front of PostgreSQL",
    )
    data_dir: Path = Field(BASE_DIR / "var", description="folder for all local state")

    @field_validator("data_dir", mode="before")
    @classmethod
    def _empty_is_default(cls, value: object) -> object:
        return value or BASE_DIR / "var"

    @field_validator("redis_url")
    @classmethod
    def _one_server(cls, value: SecretStr) -> SecretStr:
        return SecretStr(read_redis_url(value.get_secret_value()))

    @field_validator("broker_url")
    @classmethod
    def _some_broker(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        return SecretStr(read_broker_url(url) if url else "")

    @property
    def effective_database_url(self) -> str:
        """The database's URL, with the default filled in."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir / 'db.sqlite3'}"

    @property
    def effective_broker_url(self) -> str:
        """The broker's URL: that of Redis unless it has one of its own."""
        return self.broker_url.get_secret_value() or self.redis_url.get_secret_value()
