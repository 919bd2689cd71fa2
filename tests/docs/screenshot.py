"""Takes the README's picture of the console: `.venv/bin/python -m tests.docs.screenshot` (needs chromium).

The whole service is started with `manage.py up`, given agents, schedules and runs that end in every way through
its own API and commands, and looked at with a headless Chromium of the system.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.agent_server import AgentServer, Behaviour
from tests.chromium import running_chromium
from tests.up_service import Service, running_service
from tests.waiting import wait_for

ROOT: Final = Path(__file__).resolve().parents[2]
PICTURE: Final = ROOT / "docs" / "images" / "console.png"
SIZE: Final = {"width": 1360, "height": 900}
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
    with running_chromium() as browser:
        page = browser.new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        service.sign_in(page)
        page.goto(f"{service.url}/console/schedules/run/")
        page.screenshot(path=target)


def main() -> None:
    """Take the picture."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with AgentServer() as server, running_service() as service:
        fill(service, server)
        photograph(service, PICTURE)


if __name__ == "__main__":
    main()
