"""The demo of `up`: one schedule is run now through the public API, and its result is seen arriving."""

import json
import time
import urllib.request
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

from orqsite.embedded.ports import direct
from orqsite.embedded.terminal import Terminal
from schedules.management.commands.seed_demo import BRIEFING, LOGIN, PASSWORD_FILE, TOKEN_FILE

RESULT_SECONDS = 60.0
FINISHED = {"succeeded", "failed", "cancelled", "discarded"}


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the public API, with nothing but the standard library."""

    url: str
    token: str

    def ask(self, method: str, path: str) -> Any:
        """The answer's document; OSError when there is none, urllib's HTTPError (one of them) for an error."""
        request = urllib.request.Request(  # noqa: S310  (our own address)
            self.url + path, method=method, headers={"Authorization": f"Bearer {self.token}"}
        )
        with direct().open(request, timeout=10) as answer:
            return json.load(answer)


def seed(terminal: Terminal) -> None:
    """Agents, schedules, an API key, and the first time a week to look back on."""
    with terminal.step("demo: agents, schedules and a week of history"):
        call_command("seed_demo", stdout=StringIO())
        connection.close()


def show(url: str, folder: Path, terminal: Terminal) -> None:
    """Show one run from the request to its result, and say how to go on."""
    client = Client(url, (folder / TOKEN_FILE).read_text().strip())
    schedules = f"/v3/agents/{BRIEFING}/schedules"
    schedule = None
    try:
        schedule = _briefing(client, schedules)
        if schedule is not None:
            _run_now(client, f"{schedules}/{schedule}", terminal)
    except OSError as error:
        terminal.say(f"    The demo run failed: {error}. The service keeps running.")
    terminal.say(_summary(client, folder, schedules, schedule or "SCHEDULE_ID"))


def _briefing(client: Client, path: str) -> str | None:
    """The id of the agent's oldest active schedule; None when all were paused or deleted."""
    active = [schedule["_id"] for schedule in client.ask("GET", path)["schedules"] if schedule["is_active"]]
    return min(active, default=None)


def _run_now(client: Client, path: str, terminal: Terminal) -> None:
    with terminal.step("run now: POST …/execution through the API") as result:
        result.append(client.ask("POST", f"{path}/execution")["status"])
    with terminal.step("its run (starts 10 s after the request)") as result:
        run = _finished(client, f"{path}/runs")
        result.append(run["state"])
    terminal.say(f"    {_outcome_line(run)}")


def _finished(client: Client, path: str) -> dict[str, Any]:
    """The newest run when it has finished, or as it is after a minute."""
    deadline = time.monotonic() + RESULT_SECONDS
    while True:
        run: dict[str, Any] = client.ask("GET", path)["runs"][0]
        if run["state"] in FINISHED or time.monotonic() > deadline:
            return run
        time.sleep(0.2)


def _outcome_line(run: dict[str, Any]) -> str:
    if run["state"] == "succeeded":
        return f"The agent answered: {run['output_text']}"
    return f"Why: {run.get('reason') or run.get('error_message') or 'no answer yet, see the console'}"


def _summary(client: Client, folder: Path, schedules: str, schedule: str) -> str:
    password = (folder / PASSWORD_FILE).read_text().strip()
    address = f"{client.url}{schedules}"
    curl = f"curl -H 'Authorization: Bearer {client.token}' \\\n     "
    body = '{"type": "cron", "expression": "0 30 8 * * *", "payload": {"input": "Good morning!"}}'
    return f"""
  Console   {client.url}/console/
            user {LOGIN}, password {password}
  API key   {client.token}

  List the schedules of an agent:
    {curl} {address}

  Create one, for every day at 08:30:00 UTC:
    {curl} -H 'Content-Type: application/json' \\
      -d '{body}' \\
      {address}

  Run one now (it starts after 10 s):
    {curl} -X POST {address}/{schedule}/execution"""
