"""The whole service as `manage.py up` starts it, with its demo, and the ways in: commands, API, console."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

from orqsite.embedded.ports import free_port
from tests.waiting import wait_for

ROOT: Final = Path(__file__).resolve().parents[1]
SERVERS: Final = {"DATABASE_URL", "REDIS_URL"}
"""Left out of the service's environment: it starts its own."""
READY_SECONDS: Final = 180


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs: its address, its folder, the environment of its commands."""

    url: str
    folder: Path
    env: Mapping[str, str]

    def manage(self, *words: str) -> str:
        """What one of manage.py's commands prints."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=self.env, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout.strip()

    def shell(self, code: str) -> str:
        """What lines of Python print that run beside the service, on its database."""
        return self.manage("shell", "--verbosity", "0", "-c", code)

    def secret(self, name: str) -> str:
        """What a file of the data folder holds."""
        return (self.folder / name).read_text().strip()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The API's answer."""
        headers = {"Authorization": f"Bearer {self.secret('demo_api_key')}"}
        data = None if body is None else json.dumps(body).encode()
        headers |= {} if body is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def sign_in(self, page: Page) -> None:
        """Through the console's form, as the demo's operator."""
        page.goto(f"{self.url}/console/")
        page.fill("input[name=username]", "demo")
        page.fill("input[name=password]", self.secret("demo_console_password"))
        page.click("button[type=submit]")
        page.wait_for_url("**/console/")


@contextmanager
def running_service() -> Iterator[Service]:
    """`manage.py up` on a fresh data folder, with its demo; gone at the end of the block."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        own = {"ORQ_DATA_DIR": name, "ORQ_BOOTSTRAP": "off"}
        env = {key: value for key, value in os.environ.items() if key not in SERVERS} | own
        command = [sys.executable, "manage.py", "up", "--port", str(port)]
        output = folder / "output"
        with output.open("w") as file, subprocess.Popen(command, cwd=ROOT, env=env, stdout=file) as process:
            try:
                wait_for(lambda: "Run one now" in output.read_text(), READY_SECONDS, "the service")
                url = f"http://127.0.0.1:{port}"
                yield Service(url, folder, env | {"DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"})
            finally:
                process.terminate()
