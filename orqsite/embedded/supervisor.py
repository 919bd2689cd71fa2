"""Keeps named programs running: restarts what dies, passes their output on, stops everything in time."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from orqsite.embedded.children import Child

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Program:
    """What to keep running, under the name its output carries."""

    name: str
    command: Sequence[str]


class Supervisor:
    """The programs of one service. `write(name, line)` gets every line they print, from several threads."""

    def __init__(self, write: Callable[[str, str], None], env: Mapping[str, str] | None = None) -> None:
        self._write = write
        self._env = dict(os.environ if env is None else env) | {"PYTHONUNBUFFERED": "1"}
        self._runners: dict[str, ProgramRunner] = {}

    def start(self, program: Program) -> None:
        """Start a program and keep it running until it is stopped."""
        runner = ProgramRunner(program, self._write, self._env)
        self._runners[program.name] = runner
        runner.start()

    def deaths(self, name: str) -> int:
        """How often this program has ended unasked."""
        return self._runners[name].deaths

    def stop(self, *names: str, grace_seconds: float) -> None:
        """Stop these programs (all when none is named) together; what is left after the grace is killed."""
        runners = [runner for name, runner in self._runners.items() if name in names or not names]
        deadline = time.monotonic() + grace_seconds
        for runner in runners:
            runner.ask_to_stop()
        for runner in runners:
            runner.join(max(0.0, deadline - time.monotonic()))
        self._kill(runners)

    def kill(self) -> None:
        """Kill everything at once."""
        self._kill(list(self._runners.values()))

    def _kill(self, runners: "list[ProgramRunner]") -> None:
        for runner in runners:
            runner.kill()
        for runner in runners:
            runner.join()


class ProgramRunner(threading.Thread):
    """Runs one program again and again; the pause before the next start doubles while it keeps dying."""

    def __init__(self, program: Program, write: Callable[[str, str], None], env: Mapping[str, str]) -> None:
        super().__init__(name=f"runner of {program.name}", daemon=True)
        self.deaths = 0
        self._program = program
        self._write = write
        self._env = env
        self._child: Child | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()  # a start and a stop must not pass each other

    def run(self) -> None:
        """Keep the program running until asked to stop."""
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            status = self._run_once()
            if self._stopping.is_set():
                return
            self.deaths += 1
            if time.monotonic() - started >= STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._write(self._program.name, f"ended ({_in_words(status)}); starts again in {pause:g} s")
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def ask_to_stop(self) -> None:
        """No further start; the running one is asked to end."""
        with self._lock:
            self._stopping.set()
            if self._child is not None and self._child.is_alive:
                self._child.process.terminate()

    def kill(self) -> None:
        """No further start; the running one and its whole family die now."""
        with self._lock:
            self._stopping.set()
            if self._child is not None:
                self._child.kill()

    def _run_once(self) -> int:
        """Start the program and follow it to its end; its exit status, negative for a signal."""
        with self._lock:
            if self._stopping.is_set():
                return 0
            self._child = Child(self._program.command, env=self._env, output=subprocess.PIPE)
        return self._follow(self._child)

    def _follow(self, child: Child) -> int:
        """Pass the output on until the program ends; the rest of its family does not outlive it."""
        assert child.process.stdout is not None  # noqa: S101  (a pipe was asked for)
        pump = threading.Thread(target=self._pump, args=(child.process.stdout,), daemon=True)
        pump.start()
        status = child.process.wait()
        child.kill()
        pump.join()
        return status

    def _pump(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self._write(self._program.name, line.decode(errors="replace").rstrip())


def _in_words(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit code {status}"
