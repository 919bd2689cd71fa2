"""The bootstrap of `.venv`: when it does something, and that a failed or interrupted one heals itself.

The tools inside the environment are small scripts that write down how they were called.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from orqsite.embedded import bootstrap
from orqsite.embedded.bootstrap import ROOT, Bootstrap, BootstrapFailed, cache_folders, tool_environment
from tests.waiting import wait_for

needs_two_users = pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("python3", path="/usr/bin"), reason="needs two users"
)


@pytest.fixture
def project(tmp_path: Path) -> Bootstrap:
    """A project whose environment is installed for running, with a `uv` that writes down its calls."""
    (tmp_path / "requirements").mkdir()
    for kind in ("run", "dev"):
        (tmp_path / "requirements" / f"{kind}.txt").write_text(f"{kind}-package==1\n")
    project = Bootstrap(tmp_path)
    project.python.parent.mkdir(parents=True)
    tool(project, "python", "exit 0")
    tool(project, "uv", f'echo "$@" >> {tmp_path}/calls')
    project.stamp.write_text(project.expected("run"))
    return project


def tool(project: Bootstrap, name: str, script: str) -> None:
    file = project.python.with_name(name)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def calls(project: Bootstrap) -> list[str]:
    file = project.root / "calls"
    return file.read_text().splitlines() if file.exists() else []


def give_away(folder: Path, user: str) -> None:
    """The folder and what is in it are this user's from now on."""
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user)


def prepared_by(
    project: Bootstrap, user: str, environment: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    """What the bootstrap does with the project when this user starts a command with nothing but this environment."""
    for folder in (project.root, *project.root.parents):
        if folder.name.startswith("pytest-"):
            folder.chmod(0o755)
    project.root.chmod(0o755)
    module = project.root / "bootstrap.py"
    shutil.copy(bootstrap.__file__, module)
    script = (
        f"import runpy, sys; made = runpy.run_path({str(module)!r}); Path = made['Path']\n"
        f"made['enter'].__globals__['Bootstrap'] = lambda extra: made['Bootstrap'](Path({str(project.root)!r}))\n"
        "made['enter']('run')"
    )
    return subprocess.run(
        ["/usr/bin/python3", "-c", script],
        user=user,
        group="nogroup",
        env=environment,
        capture_output=True,
        text=True,
        cwd="/",
    )


def test_an_installed_environment_is_left_alone(project: Bootstrap) -> None:
    assert project.is_current("run")

    project.make("run")

    assert calls(project) == []


def test_development_needs_more_than_running(project: Bootstrap) -> None:
    assert not project.is_current("dev")

    project.make("dev")

    assert project.is_current("dev")
    assert calls(project)[0].endswith("requirements/dev.txt")


def test_running_needs_nothing_after_development(project: Bootstrap) -> None:
    project.make("dev")

    assert project.is_current("run")


def test_the_locked_development_packages_cover_the_ones_for_running() -> None:
    def locked(kind: str) -> set[str]:
        lines = (ROOT / "requirements" / f"{kind}.txt").read_text().splitlines()
        return {line.split(" ")[0] for line in lines if line[:1].isalnum()}

    assert locked("run") <= locked("dev")


def test_an_operators_own_requirements_are_kept_over_every_sync(project: Bootstrap) -> None:
    own = project.root / "own.txt"
    own.write_text("a-runtime==1\n")
    extended = Bootstrap(project.root, str(own))
    assert not extended.is_current("run")

    extended.make("run")

    synced, installed = calls(project)
    assert synced.endswith("requirements/run.txt")
    assert installed.endswith(f"--constraint {project.root}/requirements/run.txt --requirement {own}")
    assert extended.is_current("run")
    own.write_text("a-runtime==2\n")
    assert not extended.is_current("run")


def test_a_missing_file_of_own_requirements_is_named(project: Bootstrap) -> None:
    with pytest.raises(BootstrapFailed, match=r"ORQ_EXTRA_REQUIREMENTS: cannot read .*missing\.txt"):
        Bootstrap(project.root, "missing.txt").is_current("run")


def test_changed_requirements_are_installed_into_the_same_environment(project: Bootstrap) -> None:
    (project.root / "requirements" / "run.txt").write_text("run-package==2\n")
    assert not project.is_current("run")

    project.make("run")

    assert project.is_current("run")
    assert f"--python {project.python}" in calls(project)[0]
    assert "--require-hashes" in calls(project)[0]


def test_changed_requirements_do_not_take_the_development_tools_away(project: Bootstrap) -> None:
    project.make("dev")
    (project.root / "requirements" / "dev.txt").write_text("dev-package==2\n")

    project.make("run")

    assert project.is_current("dev")


def test_a_failed_install_says_why_and_leaves_no_stamp(project: Bootstrap) -> None:
    tool(project, "uv", "echo cannot reach the index >&2; exit 2")

    with pytest.raises(BootstrapFailed, match="cannot reach the index"):
        project.make("dev")

    assert not project.is_current("run")


@pytest.mark.parametrize(
    ("words", "guess"),
    [
        ("error: No space left on device (os error 28)", "The disk is full"),
        ("error: Permission denied (os error 13)", "may not be written"),
        ("error: dns error", "Is the network"),
    ],
)
def test_a_failed_install_is_guessed_at(project: Bootstrap, words: str, guess: str) -> None:
    tool(project, "uv", f"echo '{words}' >&2; exit 2")

    with pytest.raises(BootstrapFailed, match=guess):
        project.make("dev")


def test_tools_of_a_user_without_a_home_keep_their_files_in_a_spare_folder(tmp_path: Path) -> None:
    spare = tmp_path / "spare"

    folders = cache_folders({"HOME": "/dev/null"}, spare)

    assert folders == {"UV_CACHE_DIR": str(spare / "uv"), "PIP_CACHE_DIR": str(spare / "pip")}
    assert cache_folders({"HOME": "/dev/null", "UV_CACHE_DIR": "/c", "PIP_CACHE_DIR": "/c"}, spare) == {}
    assert cache_folders({"HOME": str(tmp_path)}, spare) == {}
    assert cache_folders({"HOME": "/dev/null", "XDG_CACHE_HOME": str(tmp_path / "new")}, spare) == {}


@needs_two_users
def test_a_user_without_a_home_prepares_the_environment_of_their_own_clone(project: Bootstrap) -> None:
    keep = 'test -n "$UV_CACHE_DIR" && mkdir -p "$UV_CACHE_DIR" "$PIP_CACHE_DIR" && echo "$UV_CACHE_DIR"'
    tool(project, "uv", f'cd / && {keep} >> "{project.root}/calls"')
    (project.root / "requirements" / "run.txt").write_text("run-package==2\n")
    give_away(project.root, "nobody")

    done = prepared_by(project, "nobody", {"HOME": "/nonexistent"})

    assert done.returncode == 0, done.stderr
    [cache] = calls(project)
    assert not Path(cache).exists(), "it is gone with the tool"
    assert project.is_current("run")


def test_a_tool_gets_the_spare_folder_while_it_runs(
    project: Bootstrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool(project, "uv", f'mkdir -p "$UV_CACHE_DIR" && echo "$UV_CACHE_DIR" >> {project.root}/calls')
    monkeypatch.setenv("HOME", "/dev/null")
    for name in ("XDG_CACHE_HOME", "UV_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)

    project.make("dev")

    [cache] = calls(project)
    assert not Path(cache).exists()


@needs_two_users
def test_what_another_user_prepared_and_only_he_can_run_is_one_sentence(project: Bootstrap) -> None:
    private = project.root / "private"
    private.mkdir(mode=0o700)
    shutil.copy("/usr/bin/true", private / "python3")
    project.python.unlink()
    project.python.symlink_to(private / "python3")

    done = prepared_by(project, "nobody", {})

    assert done.returncode == 1
    assert "was made by another user (root), and this one (nobody)" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_install_that_is_killed_leaves_no_stamp(project: Bootstrap) -> None:
    tool(project, "uv", f"touch {project.root}/installing; sleep 60")
    script = f"from orqsite.embedded.bootstrap import *; Bootstrap(Path({str(project.root)!r})).make('dev')"
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, start_new_session=True)
    wait_for((project.root / "installing").exists)

    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    assert not project.is_current("run")
    assert not project.is_current("dev")


def test_an_environment_whose_python_is_gone_is_not_current(project: Bootstrap) -> None:
    project.python.unlink()
    project.python.symlink_to("/nowhere/python3")

    assert not project.is_current("run")


def test_whoever_comes_second_waits_and_installs_nothing(project: Bootstrap) -> None:
    lock = os.open(project.root, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    second = threading.Thread(target=project.make, args=("dev",))
    second.start()
    second.join(0.3)
    assert second.is_alive()

    project.stamp.write_text(project.expected("dev"))
    os.close(lock)
    wait_for(lambda: not second.is_alive())

    assert calls(project) == []


def test_a_mirror_configured_for_pip_is_used_by_uv_too() -> None:
    environment = tool_environment(
        {"PIP_INDEX_URL": "https://mirror.example/simple", "VIRTUAL_ENV": "/other"}
    )

    assert environment["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert environment["UV_PYTHON_DOWNLOADS"] == "never"
    assert "VIRTUAL_ENV" not in environment


def test_the_bootstrap_needs_nothing_but_the_standard_library() -> None:
    script = f"import runpy, sys; runpy.run_path({str(Path(bootstrap.__file__))!r}); print('django' in sys.modules)"

    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "False"
