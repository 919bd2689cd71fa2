"""The servers a benchmark runs on, started here and gone afterwards: a PostgreSQL that writes safely, a Valkey.

Peers use the same servers, each with a database of its own. Sizes are those of a small rented machine.
"""

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from orqsite.embedded.valkey import Valkey
from tests.servers.postgres import Postgres

POSTGRESQL_SETTINGS = {
    "max_connections": 200,
    "shared_buffers": "1GB",
    "wal_buffers": "64MB",  # a herd whose rows lie scattered writes most of their pages to the WAL
    "min_wal_size": "2GB",
    "max_wal_size": "4GB",
    "autovacuum": "on",
}


class SafePostgres(Postgres):
    """A PostgreSQL with the durability of its defaults: a commit is on the disk when it is answered."""

    def __init__(self) -> None:
        super().__init__()
        self._settings = POSTGRESQL_SETTINGS


@dataclass(frozen=True, slots=True)
class Servers:
    """URLs of the two servers and a scratch folder."""

    folder: Path
    postgres_url: str
    redis_url: str

    def new_database(self, name: str) -> str:
        """An empty database of this name, on SQLite where there is no PostgreSQL; its URL."""
        if not self.postgres_url:
            return f"sqlite:///{self.folder / name}.sqlite3"
        with psycopg.connect(self.postgres_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.postgres_url.rsplit("/", 1)[0] + f"/{name}"

    @property
    def own_database(self) -> str:
        """The URL of the service's own database."""
        return os.environ["DATABASE_URL"]

    def redis_database(self, number: int) -> str:
        """The URL of one of the sixteen databases of the Valkey."""
        return self.redis_url.rsplit("/", 1)[0] + f"/{number}"

    def broker(self, number: int) -> "redis.Redis":
        """A client of that database."""
        return redis.Redis.from_url(self.redis_database(number))


@contextmanager
def servers() -> Iterator[Servers]:
    """Both servers, running."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    postgres, valkey = SafePostgres(), Valkey(folder / "valkey")
    try:
        postgres.start()
        valkey.start()
        yield Servers(folder, postgres.url, valkey.url)
    finally:
        valkey.stop()
        postgres.remove()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def embedded_servers() -> Iterator[Servers]:
    """What `up` runs on without any server of the user's: SQLite, and a Valkey that appends every write to a file."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    valkey = Valkey(folder / "valkey", is_durable=True)
    try:
        valkey.start()
        yield Servers(folder, "", valkey.url)
    finally:
        valkey.stop()
        shutil.rmtree(folder, ignore_errors=True)


def use_django(servers: Servers, **settings: str) -> None:
    """Make this process one of the service's, on a migrated database of its own; `settings` without `ORQ_`."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "orqsite.settings",
        "DATABASE_URL": servers.new_database("ours"),
        "REDIS_URL": servers.redis_database(0),
        "ORQ_DATA_DIR": str(servers.folder / "data"),
        "ORQ_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "ORQ_LOG_LEVEL": "WARNING",
        "ORQ_RATE_PER_KEY": "0",
        "ORQ_RATE_TRIGGER_PER_SCHEDULE": "0",
        **{f"ORQ_{name.upper()}": value for name, value in settings.items()},
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
