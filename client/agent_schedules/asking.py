"""Commands that ask about time: explain an expression, and why a schedule ran or did not."""

from datetime import datetime

import click

from agent_schedules import output
from agent_schedules.changing import type_of
from agent_schedules.commands import connected, main
from agent_schedules.connection import Connection, at
from agent_schedules.finding import path_of, schedule_of
from agent_schedules.times import Instant, now, rfc3339, shown


@main.command()
@click.argument("expression")
@click.option(
    "--limit", type=click.IntRange(1, 100), default=5, show_default=True, help="Fire times to show."
)
@connected
def explain(api: Connection, is_json: bool, expression: str, limit: int) -> None:
    """What EXPRESSION means, and when it would fire. Nothing is created."""
    body = {"type": type_of(expression), "expression": expression, "limit": limit}
    preview = api.post(at("schedules", "preview"), body)
    if is_json:
        output.as_json(preview)
        return
    click.echo(preview["description"])
    for fire_time in preview["fire_times"]:
        click.echo(f"  {shown(fire_time)}")
    for warning in preview.get("warnings", ()):
        click.echo(f"Warning: {warning['message']}", err=True)


@main.command()
@click.argument("schedule")
@click.argument("instant", type=Instant(), required=False)
@connected
def why(api: Connection, is_json: bool, schedule: str, instant: datetime | None) -> None:
    """Why SCHEDULE ran, or did not, at INSTANT (now): RFC 3339, '2026-06-01 09:00' or 09:00, in UTC."""
    found = api.get(path_of(schedule_of(api, schedule), "explain"), at=rfc3339(instant or now()))
    if is_json:
        output.as_json(found)
        return
    click.echo(found["words"])
    run = found.get("run") or {}
    output.facts(
        [
            ("run", run.get("_id")),
            ("error", output.one_line((run.get("error") or {}).get("message"))),
            ("next fire time", shown(found.get("next_fire_time"))),
        ]
    )
