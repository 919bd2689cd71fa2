"""Child processes that never outlive us, alone or with a family of their own."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from orqsite.embedded import watchdog


class Child:
    """One process in a session of its own, so that it and all its children can be signalled at once.

    The session also keeps the terminal's Ctrl-C away from it: whoever started it decides when it stops.
    A command that does not exist ends with exit code 127 and says so in its output.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        output: int | IO[bytes] = subprocess.DEVNULL,
        user: str | None = None,
        group: int | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            watchdog.guarded(command),
            env=env,
            cwd=cwd,
            stdin=watchdog.start(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=[] if user else None,
        )

    @property
    def pid(self) -> int:
        """The process's number, which is its group's number as well."""
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process itself (not only a child of it) still runs."""
        return self.process.poll() is None

    def stop(self, grace_seconds: float, first: signal.Signals = signal.SIGTERM) -> None:
        """Ask the whole family to end; kill what is left of it after `grace_seconds`."""
        if self.is_alive:
            watchdog.send(self.pid, first)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(grace_seconds)
        self.kill()

    def kill(self) -> None:
        """Kill the whole family at once and reap the process."""
        watchdog.send(self.pid, signal.SIGKILL)
        self.process.wait()
        watchdog.release(self.pid)
