"""Databases for services of real processes: each a copy of one with all tables and two keys, made once a session."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import psycopg

from schedules.database.ulids import new_ulid

ROOT: Final = Path(__file__).resolve().parents[2]
SESSION_DATABASE_URL: Final = os.environ.get("DATABASE_URL", "")

_PREPARE: Final = """
from django.core.management import call_command
from schedules import api_keys
from schedules.models import Scope, Workspace

call_command("migrate", verbosity=0)
workspace = Workspace.objects.create(name="processes")
print(*(api_keys.issue(workspace, scope=scope).token for scope in (Scope.WRITE, Scope.ADMIN)))
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """Tokens of the workspace `processes`."""

    write: str
    admin: str


_copies: dict[str, Keys] = {}


def empty_database(kind: str, folder: Path) -> str:
    """The URL of a new database of this kind without any table."""
    return f"sqlite:///{folder / 'db.sqlite3'}" if kind == "sqlite" else _created()


def migrated_database(kind: str, folder: Path) -> str:
    """The URL of a new database of this kind with all tables, and with the keys that `keys_of` tells."""
    original, keys = _original("sqlite" if kind == "sqlite" else "postgresql")
    if kind == "sqlite":
        url = empty_database(kind, folder)
        shutil.copy(_file(original), _file(url))
    else:
        url = _created(template=_name(original))
    _copies[url] = keys
    return url


def keys_of(url: str) -> Keys | None:
    """Those of a copy; None for any other database."""
    return _copies.get(url)


@cache
def _original(kind: str) -> tuple[str, Keys]:
    url = empty_database(kind, Path(tempfile.mkdtemp(dir=Path(os.environ["ORQ_DATA_DIR"]).parent)))
    own = {"DATABASE_URL": url, "ORQ_BOOTSTRAP": "off"}
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", _PREPARE]
    done = subprocess.run(
        command, env=os.environ | own, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return url, Keys(*done.stdout.split())


def _created(template: str = "template1") -> str:
    name = f"processes_{new_ulid().lower()}"
    with psycopg.connect(SESSION_DATABASE_URL, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return f"{SESSION_DATABASE_URL.rsplit('/', 1)[0]}/{name}"


def _name(url: str) -> str:
    return url.rsplit("/", 1)[1]


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")
