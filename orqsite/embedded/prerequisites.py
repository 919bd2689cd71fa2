"""What `up` needs from outside, each looked at before anything starts: CannotStart says what is wrong."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import django
import psycopg
import redis
from django.core.management import call_command
from django.db import Error, connection

from orqsite.embedded.cannot_start import CannotStart
from orqsite.embedded.ports import is_free
from orqsite.environment import SettingInvalid
from orqsite.secret_files import make_encryption_key as make_key_file
from orqsite.servers.redis_url import read_redis_url

TIMEOUT_SECONDS = 5


def require_free_port(port: int) -> None:
    """Nobody listens on this loopback port."""
    if not is_free(port):
        raise CannotStart(f"port {port} is in use. Stop what listens there, or choose another with --port.")


def require_broker() -> None:
    """The server that REDIS_URL names answers."""
    url = os.environ["REDIS_URL"]
    try:
        client = redis.Redis.from_url(
            read_redis_url(url), socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        )
        with client:
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise CannotStart(
            f"no Redis answers at REDIS_URL ({without_password(url)}): {first_line(error)}. "
            "Start it, correct REDIS_URL, or unset it to use the embedded one."
        ) from None


def require_database() -> str:
    """The database that DATABASE_URL names can be opened; its kind. Sets up Django with the present environment."""
    django.setup()
    try:
        _open_database()
    except (Error, psycopg.Error, OSError) as error:
        url = os.environ["DATABASE_URL"]
        raise CannotStart(
            f"the database of DATABASE_URL ({without_password(url)}) cannot be opened: {first_line(error)}. "
            "Start it, correct DATABASE_URL, or unset it to use a SQLite file."
        ) from None
    return str(connection.display_name)


def make_encryption_key(folder: Path) -> None:
    """The keys of the environment, of the folder's file, or a new one: this service lives on this machine only."""
    if not os.environ.get("ORQ_ENCRYPTION_KEYS"):
        make_key_file(folder / "encryption_key")


def require_known_keys() -> None:
    """This service's keys are the ones that the secrets in its database are sealed with."""
    from orqsite import starting

    try:
        starting.require_known_keys()
    except SettingInvalid as reason:
        raise CannotStart(str(reason)) from None


def migrate() -> None:
    """Bring the database's tables up to date."""
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except Error as error:
        raise CannotStart(f"the database refuses the migrations: {first_line(error)}.") from None
    finally:
        connection.close()


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@") if password else url


def first_line(error: BaseException) -> str:
    """The first line of what an error says, to stand inside a sentence."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")


def _open_database() -> None:
    if connection.vendor == "postgresql":
        # Not through the pool, which waits for a connection and hides why none comes.
        parameters = connection.get_connection_params()
        psycopg.connect(**{name: value for name, value in parameters.items() if name != "pool"}).close()
    else:
        connection.ensure_connection()
        connection.close()
