"""Commands that change something: create, pause, resume."""

import json
import uuid
from datetime import datetime
from typing import IO, Any

import click

from agent_schedules import output
from agent_schedules.commands import connected, main
from agent_schedules.connection import Connection, Document, at
from agent_schedules.finding import path_of, schedule_of
from agent_schedules.times import Until, rfc3339, shown


@main.command()
@click.argument("agent")
@click.argument("expression")
@click.option("--input", "text", help="What the agent is told.")
@click.option("--payload", type=click.File(), help="A JSON file with the whole payload; - is standard input.")
@click.option("--name", help="A name for people.")
@click.option("--tag", help="The agent's version; without it, the active one.")
@connected
def create(
    api: Connection,
    is_json: bool,
    agent: str,
    expression: str,
    text: str | None,
    payload: IO[str] | None,
    name: str | None,
    tag: str | None,
) -> None:
    """Create a schedule of AGENT that fires as EXPRESSION says: cron, '@every 6h' or '@at 2099-05-01T09:00:00Z'."""
    if (text is None) == (payload is None):
        raise click.UsageError("Give either --input or --payload")
    body: Document = {
        "type": type_of(expression),
        "expression": expression,
        "payload": {"input": text} if payload is None else _read(payload),
        **({"display_name": name} if name else {}),
        **({"agent_tag": tag} if tag else {}),
    }
    new = api.post(at("agents", agent, "schedules"), body, once=str(uuid.uuid4()))
    if is_json:
        output.as_json(new)
        return
    click.echo(f"Created schedule {new['_id']}; it fires next at {shown(new.get('next_fire_at'))}.")
    for warning in new.get("warnings", ()):
        click.echo(f"Warning: {warning['message']}", err=True)


def type_of(expression: str) -> str:
    """What an expression of this form is called."""
    if expression.startswith("@at"):
        return "once"
    return "interval" if expression.startswith("@every") else "cron"


def _read(file: IO[str]) -> Any:
    try:
        return json.load(file)
    except ValueError as error:
        raise click.UsageError(f"--payload is not JSON: {error}") from None


_target = (
    click.argument("schedule", required=False),
    click.option("--agent", help="All schedules of this agent instead."),
    click.option("--workspace", "is_workspace", is_flag=True, help="All schedules of the workspace instead."),
)


def _targeted(function: Any) -> Any:
    for decorator in reversed(_target):
        function = decorator(function)
    return function


@main.command()
@_targeted
@click.option("--note", help="Why, for whoever looks at it next.")
@click.option(
    "--until",
    type=Until(),
    help="Resume by itself then: 2h, 3d, monday, 'monday 09:00' (local), or an instant.",
)
@connected
def pause(
    api: Connection,
    is_json: bool,
    schedule: str | None,
    agent: str | None,
    is_workspace: bool,
    note: str | None,
    until: datetime | None,
) -> None:
    """Pause a schedule, all of an agent (--agent) or all of the workspace (--workspace)."""
    path, words = _found(api, schedule, agent, is_workspace)
    body = {**({"note": note} if note else {}), **({"until": rfc3339(until)} if until else {})}
    answer = api.post(f"{path}/pause", body)
    end = f" until {shown(rfc3339(until))}" if until else ""
    _report(answer, is_json, f"Paused {words}{end}.")


@main.command()
@_targeted
@connected
def resume(
    api: Connection, is_json: bool, schedule: str | None, agent: str | None, is_workspace: bool
) -> None:
    """Lift the pause of a schedule, of an agent (--agent) or of the workspace (--workspace)."""
    path, words = _found(api, schedule, agent, is_workspace)
    _report(api.post(f"{path}/resume"), is_json, f"Resumed {words}.")


def _found(api: Connection, schedule: str | None, agent: str | None, is_workspace: bool) -> tuple[str, str]:
    """Its path, and what it is in words."""
    if (schedule is not None) + (agent is not None) + is_workspace != 1:
        raise click.UsageError("Name one thing: a schedule, --agent or --workspace")
    if schedule is not None:
        found = schedule_of(api, schedule)
        return path_of(found), f"schedule {found['_id']}"
    return (
        (at("agents", agent), f"agent {agent}") if agent is not None else (at("workspace"), "the workspace")
    )


def _report(answer: Document, is_json: bool, words: str) -> None:
    if is_json:
        output.as_json(answer)
    else:
        click.echo(words)
