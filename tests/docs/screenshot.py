"""Takes the README's picture of the console: `.venv/bin/python -m tests.docs.screenshot` (needs chromium).

The whole service is started with `manage.py up`, given agents, schedules and runs that end in every way through
its own API and commands, and looked at with a headless Chromium of the system.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from orqsite.embedded.ports import free_port
from tests.agent_server import AgentServer, Behaviour
from tests.waiting import wait_for

ROOT: Final = Path(__file__).resolve().parents[2]
PICTURE: Final = ROOT / "docs" / "images" / "console.png"
SIZE: Final = {"width": 1360, "height": 900}
SERVERS: Final = {"DATABASE_URL", "REDIS_URL"}
"""Left out of the service's environment: it starts its own."""
FINAL: Final = {"succeeded", "failed", "cancelled", "discarded"}

AGENTS: Final[Mapping[str, Behaviour]] = {
    "market-digest": Behaviour(),
    "support-triage": Behaviour(delay=1.5),
    "invoice-check": Behaviour(status=422, error={"code": "bad_input", "message": "The ledger is closed"}),
    "release-notes": Behaviour(outcome="incomplete"),
    "competitor-watch": Behaviour(delay=600),
}
"""What the agents of the picture do when they are called."""

ONCE: Final = [
    ("market-digest", "Board meeting"),
    ("support-triage", "Handover to the night shift"),
    ("invoice-check", "Close the quarter"),
]

SCHEDULES: Final = [
    ("market-digest", "Morning digest", "0 0 7 * * mon-fri"),
    ("market-digest", "Weekly digest", "0 0 8 * * mon"),
    ("support-triage", "Triage the inbox", "0 0 * * * *"),
    ("support-triage", "Evening summary", "0 30 18 * * *"),
    ("invoice-check", "Check open invoices", "0 15 6 * * *"),
    ("release-notes", "Draft the release notes", "0 0 16 * * fri"),
    ("competitor-watch", "Competitors' news", "0 45 5 * * *"),
]


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs: its address, its folder, the environment of its commands."""

    url: str
    folder: Path
    env: Mapping[str, str]

    def manage(self, *words: str) -> None:
        """One of manage.py's commands."""
        command = [sys.executable, "manage.py", *words]
        subprocess.run(command, cwd=ROOT, env=self.env, check=True, stdout=subprocess.DEVNULL)

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
                wait_for(lambda: "Running at " in output.read_text(), 120, "the service")
                url = f"http://127.0.0.1:{port}"
                yield Service(url, folder, env | {"DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"})
            finally:
                process.terminate()


def fill(service: Service, server: AgentServer) -> None:
    """Agents, schedules and runs: some that end well, some that don't, some that wait."""
    for agent, behaviour in AGENTS.items():
        server.script(agent, behaviour)
        service.manage("create_agent", agent, "--workspace", "Demo", "--url", server.url)
    by_clock = [_create(service, agent, name, _soon(), "once") for agent, name in ONCE]
    for path in by_clock:
        wait_for(lambda path=path: _states(service, path) <= FINAL, 60, "a firing")  # type: ignore[misc]
    paths = [_create(service, *row) for row in SCHEDULES]
    for path in paths:
        service.ask("POST", f"{path}/execution")
    service.ask("PATCH", paths[1], {"is_active": False})  # its pending run is discarded
    service.ask("PATCH", paths[1], {"is_active": True})
    _cancel_newest(service, paths[3])
    for path in paths[:-1]:
        wait_for(lambda path=path: _states(service, path) <= FINAL, 60, "the runs")  # type: ignore[misc]
    wait_for(lambda: "running" in _states(service, paths[-1]), 60, "the run that lasts")
    service.ask("POST", f"{paths[0]}/execution")


def _soon() -> str:
    return (datetime.now(UTC) + timedelta(seconds=3)).strftime("@at %Y-%m-%dT%H:%M:%SZ")


def _cancel_newest(service: Service, path: str) -> None:
    [run, *_] = service.ask("GET", f"{path}/runs")["runs"]
    service.ask("POST", f"{path}/runs/{run['_id']}/cancel")


def _create(service: Service, agent: str, name: str, expression: str, type_: str = "cron") -> str:
    """The new schedule's path."""
    path = f"/v3/agents/{agent}/schedules"
    body = {"type": type_, "expression": expression, "display_name": name, "payload": {"input": name}}
    return f"{path}/{service.ask('POST', path, body)['_id']}"


def _states(service: Service, path: str) -> set[str]:
    return {run["state"] for run in service.ask("GET", f"{path}/runs")["runs"]} or {"none yet"}


def photograph(service: Service, target: Path) -> None:
    """Sign in and keep a picture of the list of runs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        _sign_in(page, service)
        page.goto(f"{service.url}/console/schedules/run/")
        page.screenshot(path=target)
        browser.close()


def _sign_in(page: Page, service: Service) -> None:
    page.goto(f"{service.url}/console/")
    page.fill("input[name=username]", "demo")
    page.fill("input[name=password]", service.secret("demo_console_password"))
    page.click("button[type=submit]")
    page.wait_for_url("**/console/")


def main() -> None:
    """Take the picture."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with AgentServer() as server, running_service() as service:
        fill(service, server)
        photograph(service, PICTURE)


if __name__ == "__main__":
    main()
