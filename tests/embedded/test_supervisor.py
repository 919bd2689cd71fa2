"""The supervisor: what dies comes back, what is stopped is gone in time, and nothing outlives anybody."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from orqsite.embedded.bootstrap import ROOT
from orqsite.embedded.supervisor import Program, Supervisor
from tests.embedded.families import are_gone, is_gone
from tests.waiting import wait_for

SLEEP = "import time; time.sleep(600)"
STUBBORN = (
    f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); {SLEEP}"
)
PARENT = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', sys.argv[1]]); "
    "print('grandchild', child.pid, flush=True); "
)


class Output:
    """What the programs printed, line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, name: str, line: str) -> None:
        self.lines.append(f"{name}: {line}")

    def having(self, text: str) -> list[str]:
        return [line for line in self.lines if text in line]


@pytest.fixture
def output() -> Output:
    return Output()


@pytest.fixture
def supervisor(output: Output) -> Iterator[Supervisor]:
    supervisor = Supervisor(output.write)
    yield supervisor
    supervisor.kill()


def python(name: str, script: str, *arguments: str) -> Program:
    return Program(name, (sys.executable, "-c", script, *arguments))


def pids(output: Output, word: str) -> list[int]:
    return [int(line.rsplit(" ", 1)[1]) for line in output.having(word)]


def test_every_line_carries_the_name_of_its_program(supervisor: Supervisor, output: Output) -> None:
    supervisor.start(python("web", f"print('hello'); print('again'); {SLEEP}"))

    wait_for(lambda: output.lines == ["web: hello", "web: again"])


def test_a_program_that_is_killed_starts_again(supervisor: Supervisor, output: Output) -> None:
    supervisor.start(python("worker", f"import os; print('pid', os.getpid()); {SLEEP}"))
    wait_for(lambda: len(pids(output, "pid")) == 1)

    os.kill(pids(output, "pid")[0], signal.SIGKILL)

    wait_for(lambda: len(pids(output, "pid")) == 2)
    assert output.having("signal 9")
    assert supervisor.deaths("worker") == 1


def test_the_pause_doubles_while_a_program_keeps_dying(supervisor: Supervisor, output: Output) -> None:
    supervisor.start(python("beat", "raise SystemExit(3)"))

    wait_for(lambda: len(output.having("exit code 3")) == 2)

    assert [line.rsplit("in ", 1)[1] for line in output.having("exit code 3")] == ["0.5 s", "1 s"]


def test_a_program_that_does_not_exist_says_so_and_is_tried_again(
    supervisor: Supervisor, output: Output
) -> None:
    supervisor.start(Program("web", ("/nowhere/program",)))

    wait_for(lambda: supervisor.deaths("web") == 2)

    assert output.having("not found")


def test_a_program_that_ignores_the_signal_is_killed_after_the_grace(
    supervisor: Supervisor, output: Output
) -> None:
    supervisor.start(python("worker", f"import os; print('pid', os.getpid(), flush=True); {STUBBORN}"))
    wait_for(lambda: bool(output.having("ready")))
    started = time.monotonic()

    supervisor.stop(grace_seconds=0.5)

    assert 0.5 <= time.monotonic() - started < 10
    assert is_gone(pids(output, "pid")[0])


def test_only_the_named_programs_are_stopped(supervisor: Supervisor, output: Output) -> None:
    for name in ("worker", "broker"):
        supervisor.start(python(name, f"import os; print('pid', os.getpid()); {SLEEP}"))
    wait_for(lambda: len(output.having("pid")) == 2)

    supervisor.stop("worker", grace_seconds=5)

    assert is_gone(pids(output, "worker: pid")[0])
    assert not is_gone(pids(output, "broker: pid")[0])


def test_a_stopped_program_does_not_start_again(supervisor: Supervisor, output: Output) -> None:
    supervisor.start(python("worker", "raise SystemExit(1)"))
    wait_for(lambda: bool(output.having("exit code")))  # it waits for its next start

    supervisor.stop(grace_seconds=5)
    seen = len(output.lines)

    time.sleep(0.7)  # longer than the pause it was in
    assert len(output.lines) == seen


def test_grandchildren_that_ignore_the_signal_are_gone_as_well(
    supervisor: Supervisor, output: Output
) -> None:
    supervisor.start(python("web", f"{PARENT}{SLEEP}", STUBBORN))
    wait_for(lambda: bool(output.having("grandchild")) and bool(output.having("ready")))

    supervisor.stop(grace_seconds=2)

    wait_for(lambda: is_gone(pids(output, "grandchild")[0]))


def test_a_family_does_not_outlive_its_parent_s_death(supervisor: Supervisor, output: Output) -> None:
    supervisor.start(python("web", f"{PARENT}raise SystemExit(1)", STUBBORN))

    wait_for(lambda: supervisor.deaths("web") == 1)

    wait_for(lambda: is_gone(pids(output, "grandchild")[0]))


def test_no_orphan_is_left_when_the_supervisor_itself_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "owner.py"
    script.write_text(
        "import sys, time\n"
        "from orqsite.embedded.supervisor import Program, Supervisor\n"
        "supervisor = Supervisor(lambda name, line: print(line, flush=True))\n"
        f"family = {PARENT + SLEEP!r}\n"
        f"supervisor.start(Program('web', (sys.executable, '-c', family, {SLEEP!r})))\n"
        "time.sleep(600)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert owner.stdout is not None
    grandchild = int(owner.stdout.readline().split()[1])
    family = psutil.Process(owner.pid).children(recursive=True)
    assert grandchild in [process.pid for process in family]

    owner.kill()
    owner.wait()

    wait_for(lambda: are_gone(family))
    owner.stdout.close()
