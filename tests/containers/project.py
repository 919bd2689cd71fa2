"""The project as its users have it: a copy of the checkout, an `.env`, and docker compose."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any, Final

from orqsite.embedded.ports import LOOPBACK, free_port
from tests.containers.engine import Engine
from tests.deployment.compose import ROOT, SECRETS

OVERRIDE: Final = """
services:
  migrate:
    build: {network: host}
  beat: &patient
    healthcheck: {timeout: 90s, start_period: 180s}
  worker: *patient
"""
"""A build reaches the package registry by the machine's own network: the engine of the tests has no routes. And a
health check starts Python: on a busy machine several at once take long."""

NAME: Final = "project"


class Project:
    """A folder of the engine's that holds what git knows of this checkout."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.folder = engine.share / NAME
        self.port = free_port()
        files = subprocess.run(
            ["/usr/bin/git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split("\0")
        for name in filter(None, files):
            if (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.folder / name)
        (self.folder / "build.yml").write_text(OVERRIDE)
        self.configure({})

    @property
    def url(self) -> str:
        """Where the proxy is published."""
        return f"http://{LOOPBACK}:{self.port}"

    def configure(self, variables: Mapping[str, str]) -> None:
        """Write `.env` anew: the secrets, the port, and these."""
        known = {**SECRETS, "PUBLISH": f"{LOOPBACK}:{self.port}", **variables}
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in known.items()))

    def compose(self, *arguments: str, timeout: float = 600) -> "subprocess.CompletedProcess[str]":
        """`docker compose …`"""
        command = ("docker", "compose", "-f", "docker-compose.yml", "-f", "build.yml", *arguments)
        return self.engine.run(*command, folder=f"/share/{NAME}", timeout=timeout)

    def done(self, *arguments: str, timeout: float = 600) -> str:
        """What compose says, of a call that must succeed."""
        ended = self.compose(*arguments, timeout=timeout)
        assert ended.returncode == 0, ended.stdout[-4000:]
        return ended.stdout.strip()

    def manage(self, *arguments: str) -> str:
        """A command of ours in a web container; its last line."""
        return self.done("exec", "-T", "web", "python", "manage.py", *arguments).splitlines()[-1]

    def alone(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """A container of the image with nothing but these variables."""
        given = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
        return self.engine.run("docker", "run", "--rm", *given, "agent-schedules", *arguments)

    def containers(self) -> dict[str, dict[str, Any]]:
        """What the engine says of each container, by name."""
        names = self.done("ps", "--all", "--quiet").split()
        inspected = self.engine.run("docker", "inspect", *names).stdout
        return {each["Name"].strip("/"): each for each in json.loads(inspected)}
