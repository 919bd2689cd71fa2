"""`manage.py up` as a person meets it: one sentence for each mistake, everything gone when it stops."""

import errno
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from orqsite.embedded.bootstrap import ROOT
from orqsite.embedded.cannot_start import CannotStart
from orqsite.embedded.data_folder import unusable
from orqsite.embedded.ports import LOOPBACK, direct, free_port, is_free
from orqsite.embedded.prerequisites import require_broker
from orqsite.embedded.up import up
from tests.embedded.families import are_gone, is_gone
from tests.waiting import wait_for

Start = Callable[..., "subprocess.Popen[str]"]


def _can_mount() -> bool:
    """Whether a process of this user may have mounts of its own."""
    try:
        tried = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", tempfile.gettempdir()]
        return subprocess.run(tried, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


CAN_MOUNT = _can_mount()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `up --no-demo` on the data folder `tmp_path/data` and a SQLite file; ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str, **variables: str) -> "subprocess.Popen[str]":
        own = {
            "ORQ_DATA_DIR": str(tmp_path / "data"),
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "ORQ_BOOTSTRAP": "off",
        }
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--no-demo", *options],
            cwd=ROOT,
            env=os.environ | own | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()  # its watchdog ends the rest
        process.communicate()


def complaint(process: "subprocess.Popen[str]") -> str:
    """The one sentence of a start that was refused."""
    output, _ = process.communicate(timeout=90)
    assert process.returncode == 1
    assert "Traceback" not in output
    [sentence] = [line for line in output.splitlines() if line.startswith("Cannot start: ")]
    return sentence


def is_ready(port: int) -> bool:
    try:
        with direct().open(f"http://{LOOPBACK}:{port}/readyz", timeout=10) as answer:
            return bool(json.load(answer)["status"] == "ok")
    except OSError:
        return False


def says_that_it_runs(up: "subprocess.Popen[str]") -> bool:
    """Read on until it says so, or ends."""
    assert up.stdout is not None
    return any("Running at" in line for line in iter(up.stdout.readline, ""))


def brokers(up: "subprocess.Popen[str]") -> list[psutil.Process]:
    """The broker process among the children of `up`."""
    children = psutil.Process(up.pid).children()
    return [each for each in children if not is_gone(each.pid) and "valkey-server" in each.name()]


def test_a_port_in_use_is_named(start: Start) -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]

        sentence = complaint(start("--port", str(port)))

    assert f"port {port} is in use" in sentence
    assert "--port" in sentence


def test_an_unwritable_data_folder_is_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    sentence = complaint(start(ORQ_DATA_DIR=str(tmp_path / "file" / "data")))

    assert f"{tmp_path}/file/data is not writable" in sentence
    assert "ORQ_DATA_DIR" in sentence


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_called_a_full_disk(number: int, tmp_path: Path) -> None:
    sentence = unusable(tmp_path, OSError(number, os.strerror(number)))

    assert sentence.startswith(f"the disk of the data folder {tmp_path} is full. ")
    assert "ORQ_DATA_DIR" in sentence
    assert "is full" not in unusable(tmp_path, PermissionError(errno.EACCES, "Permission denied"))


@pytest.mark.skipif(not CAN_MOUNT, reason="needs a file system of its own: root, and unshare")
def test_a_start_on_a_full_disk_says_so(tmp_path: Path) -> None:
    full = f'mount -t tmpfs -o nr_inodes=1 tmpfs "{tmp_path}" && exec "$@"'  # gone with the process
    command = ["unshare", "--mount", "sh", "-c", full, "sh", sys.executable, "manage.py", "up", "--no-demo"]
    environment = os.environ | {"ORQ_DATA_DIR": str(tmp_path / "data"), "ORQ_BOOTSTRAP": "off"}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90)

    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot start: the disk of the data folder {tmp_path}/data is full. ")
    assert "Traceback" not in done.stderr


def test_a_database_that_cannot_be_opened_is_named_without_its_password(start: Start) -> None:
    url = f"postgres://orq:hidden@{LOOPBACK}:{free_port()}/orq"

    sentence = complaint(start("--port", str(free_port()), DATABASE_URL=url))

    assert "DATABASE_URL" in sentence
    assert url.replace(":hidden@", ":***@") in sentence


@pytest.mark.parametrize("url", ["redis://:hidden@127.0.0.1:{port}/0", "http://127.0.0.1:{port}"])
def test_a_broker_that_does_not_answer_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    url = url.format(port=free_port())
    monkeypatch.setenv("REDIS_URL", url)

    with pytest.raises(CannotStart) as refusal:
        require_broker()

    assert "REDIS_URL" in str(refusal.value)
    assert url.replace(":hidden@", ":***@") in str(refusal.value)


def test_a_url_that_names_no_redis_is_refused(start: Start) -> None:
    sentence = complaint(start("--port", str(free_port()), REDIS_URL="foo"))

    assert "REDIS_URL" in sentence
    assert "not the URL of a Redis server" in sentence


def test_a_weak_signing_key_is_refused(start: Start) -> None:
    assert "ORQ_SECRET_KEY" in complaint(start("--port", str(free_port()), ORQ_SECRET_KEY="x"))


def test_another_port_must_be_a_port(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        up(["--port", "80000"])

    assert refusal.value.code == 2
    assert "a port is a number from 1 to 65535" in capsys.readouterr().err


@pytest.mark.processes
def test_what_dies_comes_back_a_second_up_is_refused_and_a_signal_stops_everything(start: Start) -> None:
    port = free_port()
    first = start("--port", str(port))
    wait_for(lambda: is_ready(port), 60)
    [broker] = brokers(first)

    broker.kill()
    wait_for(lambda: [each for each in brokers(first) if each != broker], what="another broker")
    wait_for(lambda: is_ready(port), what="the broker's return")
    sentence = complaint(start("--port", str(free_port())))
    assert f"(process {first.pid}) runs on the data folder" in sentence

    family = psutil.Process(first.pid).children(recursive=True)
    assert len(family) >= 5  # broker, two web processes and their parent, beat, worker
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=90)  # its processes end one after the other, on a busy machine slowly

    assert first.returncode == 0
    wait_for(lambda: are_gone(family))  # its watchdog ends last
    assert is_free(port)


@pytest.mark.processes
def test_no_process_outlives_an_up_that_was_killed(start: Start) -> None:
    killed = start("--port", str(free_port()))
    parent = psutil.Process(killed.pid)
    wait_for(lambda: len(parent.children(recursive=True)) >= 3, 60, "broker and web beside the watchdog")
    family = parent.children(recursive=True)

    killed.kill()

    wait_for(lambda: are_gone(family), 30)


@pytest.mark.processes
@pytest.mark.long
def test_a_proxy_of_the_environment_is_not_asked_for_our_own_address(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    for exception in ("no_proxy", "NO_PROXY"):  # the caller's own would hide that ours is asked
        monkeypatch.delenv(exception, raising=False)
    port = free_port()
    nobody = f"http://{LOOPBACK}:{free_port()}"

    started = start("--port", str(port), http_proxy=nobody, HTTP_PROXY=nobody, all_proxy=nobody)

    assert says_that_it_runs(started)


@pytest.mark.processes
def test_what_it_writes_is_its_owners_alone_and_an_old_database_is_made_so(
    start: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    (folder / "db.sqlite3").touch(0o644)
    port = free_port()
    start("--port", str(port), ORQ_ENCRYPTION_KEYS="")
    wait_for(lambda: is_ready(port), 90)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}

    assert {"db.sqlite3", "encryption_key", "up.log"} <= set(modes)
    assert {name for name, mode in modes.items() if mode & 0o077} == set()


@pytest.mark.processes
@pytest.mark.long
def test_a_database_of_another_key_is_not_opened_with_a_new_one(start: Start, tmp_path: Path) -> None:
    first = start("--port", str(free_port()), ORQ_ENCRYPTION_KEYS="")
    assert says_that_it_runs(first)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=30)
    (tmp_path / "data" / "encryption_key").unlink()

    sentence = complaint(start("--port", str(free_port()), ORQ_ENCRYPTION_KEYS=""))

    assert "ORQ_ENCRYPTION_KEYS: none of the encryption keys" in sentence
