"""What ends a process at its start with one sentence: real processes, as an operator starts them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from orqsite.embedded.bootstrap import ROOT
from tests.servers.cluster import cluster_node

pytestmark = pytest.mark.processes

WEB = ("-m", "gunicorn", "orqsite.wsgi", "--bind", "127.0.0.1:0", "--no-control-socket")
BEAT = ("-m", "celery", "-A", "orqsite", "-q", "beat")
WORKER = ("-m", "celery", "-A", "orqsite", "-q", "worker")
MIGRATE = ("manage.py", "migrate", "--verbosity", "0")
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def elsewhere(program: object, name: str) -> object:
    """A program whose refusal takes the way that another one's takes in the gate."""
    return pytest.param(program, id=name, marks=pytest.mark.long)


OWN, OTHER = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program on a SQLite file in a folder of its own, with these variables; it must end by itself."""

    def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        own = {
            "DATABASE_URL": "",
            "ORQ_DATA_DIR": str(tmp_path / "data"),
            "ORQ_ENCRYPTION_KEYS": OWN,
            "ORQ_BOOTSTRAP": "off",
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | own | variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def is_refused(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    """It ended by itself, with a line that has these words and no traceback."""
    assert done.returncode != 0
    assert "Traceback" not in done.stderr, done.stderr
    assert any(all(word in line for word in words) for line in done.stderr.splitlines()), done.stderr


@pytest.mark.parametrize("program", [WEB, BEAT, WORKER, MIGRATE], ids=["web", "beat", "worker", "migrate"])
def test_none_starts_without_an_encryption_key(run: Run, program: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*program, ORQ_ENCRYPTION_KEYS="")

    is_refused(done, "ORQ_ENCRYPTION_KEYS", str(tmp_path / "data" / "encryption_key"))
    assert not (tmp_path / "data" / "encryption_key").exists()


@pytest.mark.parametrize(
    "program", [elsewhere(WEB, "web"), elsewhere(BEAT, "beat"), pytest.param(WORKER, id="worker")]
)
def test_none_starts_with_a_key_that_the_database_does_not_know(run: Run, program: tuple[str, ...]) -> None:
    assert run(*MIGRATE).returncode == 0
    assert "ok" in run("-c", KNOWN).stdout

    done = run(*program, ORQ_ENCRYPTION_KEYS=OTHER)

    is_refused(done, "ORQ_ENCRYPTION_KEYS", "none of the encryption keys")


KNOWN = (
    "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'orqsite.settings'; django.setup(); "
    "from schedules.secrets import known_keys; print(known_keys.check().name)"
)


@pytest.mark.long
def test_a_key_in_front_of_the_known_one_is_made_known(run: Run) -> None:
    assert run(*MIGRATE).returncode == 0
    answers = [
        run("-c", KNOWN, ORQ_ENCRYPTION_KEYS=keys).stdout.strip().splitlines()[-1]
        for keys in (OWN, f"{OTHER},{OWN}", OWN, OTHER)
    ]

    assert answers == ["ok", "ok", "incomplete", "incomplete"]


@pytest.mark.long
def test_a_key_that_was_rotated_out_is_forgotten(run: Run) -> None:
    assert run(*MIGRATE).returncode == 0
    both = f"{OTHER},{OWN}"
    run("-c", KNOWN, ORQ_ENCRYPTION_KEYS=OWN)
    run("-c", KNOWN, ORQ_ENCRYPTION_KEYS=both)

    assert run("manage.py", "rotate_secrets", ORQ_ENCRYPTION_KEYS=both).returncode == 0

    assert "ok" in run("-c", KNOWN, ORQ_ENCRYPTION_KEYS=OTHER).stdout
    assert "foreign" in run("-c", KNOWN, ORQ_ENCRYPTION_KEYS=OWN).stdout


@pytest.mark.parametrize(
    "program", [pytest.param(WEB, id="web"), elsewhere(BEAT, "beat"), elsewhere(WORKER, "worker")]
)
@pytest.mark.parametrize("variable", ["REDIS_URL", "BROKER_URL"])
def test_none_starts_on_a_cluster(run: Run, program: tuple[str, ...], variable: str, tmp_path: Path) -> None:
    with cluster_node(tmp_path) as url:
        done = run(*program, **{variable: url})

    is_refused(done, variable, "Cluster")


@pytest.mark.parametrize(
    "program", [elsewhere(WEB, "web"), pytest.param(BEAT, id="beat"), elsewhere(WORKER, "worker")]
)
@pytest.mark.parametrize(("name", "value"), [("REDIS_URL", "foo"), ("ORQ_SECRET_KEY", "x")])
def test_none_starts_with_a_setting_it_cannot_use(
    run: Run, program: tuple[str, ...], name: str, value: str
) -> None:
    is_refused(run(*program, **{name: value}), name)


@pytest.mark.parametrize(
    "command",
    [
        "migrate",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("create_agent", "showmigrations", "audit")),
    ],
)
@pytest.mark.parametrize("secrets", [{}, {"ORQ_SECRET_KEY": "0123456789abcdef" * 4}], ids=["files", "given"])
def test_every_command_has_a_sentence_for_a_bad_data_folder(
    run: Run, tmp_path: Path, command: str, secrets: dict[str, str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    words = ["x", "--workspace=w", "--runtime=echo"] if command == "create_agent" else []

    done = run("manage.py", command, *words, ORQ_DATA_DIR=str(tmp_path / "file" / "data"), **secrets)

    is_refused(done, "data")
