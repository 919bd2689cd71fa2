"""`agent-schedules` as a process: its own package on the path, nothing of the service's."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CLIENT = Path(__file__).resolve().parents[2] / "client"


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its standard output, for scripts."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Program:
    """The program with an address and a key."""

    url: str
    key: str
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, expect: int = 0) -> Ran:
        """Run it; it must end with this status."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "agent_schedules", *arguments],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(CLIENT),
                "AGENT_SCHEDULES_URL": self.url,
                "AGENT_SCHEDULES_KEY": self.key,
                "TZ": "UTC",
                **self.environment,
            },
            cwd=CLIENT.anchor,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)
