"""deploy/systemd holds: its command lines are the programs', and systemd finds nothing wrong."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deployment.command_lines import check
from tests.deployment.compose import ROOT

FOLDER = ROOT / "deploy/systemd"
SERVICES = sorted(FOLDER.glob("*.service"))


def value(unit: Path, name: str) -> str:
    """Of the only line that sets it."""
    [found] = re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)
    return str(found)


@pytest.mark.django_db(transaction=True)  # the web process looks at the database when it is imported
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_every_command_is_one_the_program_takes(unit: Path) -> None:
    program, *arguments = shlex.split(value(unit, "ExecStart"))

    assert program.startswith("/opt/agent-schedules/.venv/bin/")
    check([Path(program).name, *arguments])


@pytest.mark.parametrize("name", ["web", "beat", "worker"])
def test_what_runs_for_ever_is_always_started_again(name: str) -> None:
    unit = FOLDER / f"agent-schedules-{name}.service"

    assert value(unit, "Restart") == "always"
    assert value(unit, "StartLimitIntervalSec") == "0"
    assert value(unit, "WantedBy") == "agent-schedules.target"


def test_a_worker_is_stopped_when_it_expects_it() -> None:
    unit = FOLDER / "agent-schedules-worker.service"

    [expected] = re.findall(r"^Environment=ORQ_WORKER_STOP_SECONDS=(\d+)$", unit.read_text(), re.MULTILINE)
    assert value(unit, "TimeoutStopSec") == f"{expected}s"


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    if not (analyze := shutil.which("systemd-analyze")):
        pytest.skip("systemd-analyze is not installed")
    for unit in FOLDER.iterdir():
        # Neither the folder nor the user is on this machine; whether they are is not what is asked.
        text = unit.read_text().replace("/opt/agent-schedules/.venv/bin/", "/bin/true ")
        (tmp_path / unit.name).write_text(re.sub(r"^(User|Group)=.*$", r"\1=root", text, flags=re.MULTILINE))

    units = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, check=False)

    complaints = [line for line in done.stderr.splitlines() if "agent-schedules" in line]
    assert complaints == []
