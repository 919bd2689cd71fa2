"""Migrations started at once, as containers do it."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from schedules.management.commands.migrate import KEY
from tests.processes.databases import ROOT, empty_database
from tests.processes.service import Service

pytestmark = [pytest.mark.processes, pytest.mark.postgresql]


def test_three_at_once_on_an_empty_database_all_succeed(tmp_path: Path) -> None:
    service = Service(tmp_path, empty_database("postgresql", tmp_path), "redis://127.0.0.1:1/0")
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    with psycopg.connect(service.environment["DATABASE_URL"], autocommit=True) as first:
        first.execute("SELECT pg_advisory_lock(%s)", [KEY])
        others = [
            subprocess.Popen(command, cwd=ROOT, env=service.environment, stderr=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        for other in others:
            assert other.stderr is not None
            assert "waiting" in other.stderr.readline(), "all wait for whoever is first"

    ended = [other.communicate(timeout=120)[1] for other in others]

    assert [other.returncode for other in others] == [0, 0, 0], ended
    assert service.manage("migrate", "--check") == ""
