"""A SQLite file that the service makes belongs to its owner only."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from stat import S_IMODE

import pytest
from django.db import OperationalError

from orqsite.databases import database
from orqsite.environment import Environment
from orqsite.sqlite.base import DatabaseWrapper


@pytest.fixture
def _loose_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def opened(file: Path, monkeypatch: pytest.MonkeyPatch) -> DatabaseWrapper:
    """A connection made of the service's settings."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    settings = {"ATOMIC_REQUESTS": False, "AUTOCOMMIT": True, "TIME_ZONE": None, "CONN_HEALTH_CHECKS": False}
    wrapper = DatabaseWrapper(settings | database(Environment()), alias="mine")
    with wrapper.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS t (x)")
    return wrapper


@pytest.mark.usefixtures("_loose_umask")
@pytest.mark.django_db
def test_a_new_file_and_what_sqlite_makes_beside_it_are_its_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "data" / "db.sqlite3"

    with closing(opened(file, monkeypatch)):
        modes = {each.name: S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()}

    assert set(modes) >= {"db.sqlite3", "db.sqlite3-wal"}
    assert set(modes.values()) == {0o600}
    assert S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.django_db
def test_a_file_that_is_there_keeps_its_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "db.sqlite3"
    sqlite3.connect(file).close()
    file.touch()
    file.chmod(0o640)

    with closing(opened(file, monkeypatch)):
        assert S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.django_db
def test_a_folder_that_cannot_be_made_is_said_by_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OperationalError, match="unable to open"):
        opened(tmp_path / "file" / "db.sqlite3", monkeypatch)
